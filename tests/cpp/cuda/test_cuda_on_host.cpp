// The shim itself: a test on it would mean nothing if it let faults pass.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <vector>

#include "cuda/device.h"
#include "schedules.h"

namespace {

using rmpe::cuda::launch;
using rmpe::cuda::shared_memory;

unsigned global_thread() {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  return block * blockDim.x * blockDim.y * blockDim.z + thread;
}

void number_kernel(unsigned* out) { out[global_thread()] = global_thread(); }

TEST(CudaOnHost, RunsEveryThreadOfEveryBlockOnce) {
  for_each_schedule([] {
    std::vector<unsigned> out(2 * 3 * 2 * 5 * 7 * 2, 0u - 1);
    launch(number_kernel, dim3(2, 3, 2), dim3(5, 7, 2), 0, nullptr, out.data());
    for (unsigned i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], i);
  });
}

// out[i] is what the thread opposite to i wrote.
template <bool kBarrier>
void mirror_kernel(int* out) {
  int* values = shared_memory<int>();
  values[threadIdx.x] = int(threadIdx.x);
  if (kBarrier) __syncthreads();
  out[threadIdx.x] = values[blockDim.x - 1 - threadIdx.x];
}

template <bool kBarrier>
bool mirrors() {
  constexpr int kThreads = 65;
  std::vector<int> out(kThreads);
  launch(mirror_kernel<kBarrier>, dim3(1), dim3(kThreads), kThreads * sizeof(int), nullptr,
         out.data());
  bool right = true;
  for (int i = 0; i < kThreads; ++i) right &= out[i] == kThreads - 1 - i;
  return right;
}

TEST(CudaOnHost, ABarrierOrdersSharedMemory) {
  for_each_schedule([] { EXPECT_TRUE(mirrors<true>()); });
}

#if !defined(RMPE_THREAD_SANITIZER)  // which stops at a missing barrier
TEST(CudaOnHost, AMissingBarrierShows) {
  for_each_schedule([] { EXPECT_FALSE(mirrors<false>()); });
}
#endif

#if defined(RMPE_THREAD_SANITIZER)
enum class Meeting { kNone, kBlock, kWarp };

template <Meeting kMeeting>
void meet() {
  if (kMeeting == Meeting::kBlock) __syncthreads();
  if (kMeeting == Meeting::kWarp) __syncwarp();
}

// Threads that leave the first meeting late must not seem ordered by the second.
template <Meeting kMeeting>
void racing_kernel(int* sum) {
  meet<kMeeting>();
  *sum += 1;
  meet<kMeeting>();
}

template <Meeting kMeeting>
void expect_race() {
  const auto race = [] {
    int sum = 0;
    launch(racing_kernel<kMeeting>, dim3(1), dim3(32), 0, nullptr, &sum);
    std::exit(0);  // as another code, where a race was reported
  };
  EXPECT_EXIT(race(), testing::ExitedWithCode(66), "data race");
}

TEST(CudaOnHostDeathTest, RacesAreReported) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  expect_race<Meeting::kNone>();
  expect_race<Meeting::kBlock>();
  expect_race<Meeting::kWarp>();
}
#endif

void read_shared_kernel(float* out) { *out = *shared_memory<float>(); }

TEST(CudaOnHost, SharedMemoryStartsAsNaN) {
  float out = 0;
  launch(read_shared_kernel, dim3(1), dim3(1), sizeof(float), nullptr, &out);
  EXPECT_TRUE(std::isnan(out));
}

void warp_kernel(int* out) {  // [5, blockDim.x]
  const int thread = int(threadIdx.x), threads = int(blockDim.x);
  const unsigned all = 0xffffffffu;
  out[0 * threads + thread] = __shfl_sync(all, thread, 3);
  out[1 * threads + thread] = __shfl_up_sync(all, thread, 1);
  out[2 * threads + thread] = __shfl_down_sync(all, thread, 1);
  out[3 * threads + thread] = __shfl_xor_sync(all, thread, 5);
  out[4 * threads + thread] = int(__ballot_sync(all, thread % 2));
}

TEST(CudaOnHost, LanesExchangeWithinTheirWarp) {
  for_each_schedule([] {
    constexpr int kThreads = 96;
    std::vector<int> out(5 * kThreads);
    launch(warp_kernel, dim3(1), dim3(kThreads), 0, nullptr, out.data());
    for (int i = 0; i < kThreads; ++i) {
      EXPECT_EQ(out[0 * kThreads + i], i / 32 * 32 + 3);
      EXPECT_EQ(out[1 * kThreads + i], i % 32 == 0 ? i : i - 1);
      EXPECT_EQ(out[2 * kThreads + i], i % 32 == 31 ? i : i + 1);
      EXPECT_EQ(out[3 * kThreads + i], i ^ 5);
      EXPECT_EQ(unsigned(out[4 * kThreads + i]), 0xaaaaaaaau);
    }
  });
}

void half_warp_kernel(int* out) {
  if (threadIdx.x < 16) out[threadIdx.x] = __shfl_xor_sync(0xffffu, int(threadIdx.x), 1);
}

TEST(CudaOnHost, SomeLanesMayExchangeAlone) {
  std::vector<int> out(16);
  launch(half_warp_kernel, dim3(1), dim3(32), 0, nullptr, out.data());
  for (int i = 0; i < 16; ++i) EXPECT_EQ(out[i], i ^ 1);
}

void count_kernel(int* out) { out[threadIdx.x] = __syncthreads_count(threadIdx.x % 3 == 0); }

TEST(CudaOnHost, ABarrierCounts) {
  for_each_schedule([] {
    std::vector<int> out(40);
    launch(count_kernel, dim3(1), dim3(40), 0, nullptr, out.data());
    for (const int count : out) EXPECT_EQ(count, 14);
  });
}

void atomic_kernel(int* sum, float* total, unsigned* largest) {
  atomicAdd(sum, 1);
  atomicAdd(total, 0.5f);
  atomicMax(largest, threadIdx.x);
}

TEST(CudaOnHost, AtomicsAdd) {
  int sum = 0;
  float total = 0;
  unsigned largest = 0;
  launch(atomic_kernel, dim3(3), dim3(50), 0, nullptr, &sum, &total, &largest);
  EXPECT_EQ(sum, 150);
  EXPECT_EQ(total, 75.0f);
  EXPECT_EQ(largest, 49u);
}

void divergent_kernel() {
  if (threadIdx.x > 0) __syncthreads();
}
void absent_lane_kernel() {
  if (threadIdx.x > 0) __shfl_sync(0xffffffffu, 1, 0);
}
void foreign_lane_kernel() { __shfl_sync(threadIdx.x < 16 ? 0xffffu : 0xffff0000u, 1, 20); }

TEST(CudaOnHost, RefusesWhatCudaLeavesUndefined) {
  EXPECT_THROW(launch(divergent_kernel, dim3(1), dim3(32), 0, nullptr), cuda_on_host::Fault);
  EXPECT_THROW(launch(absent_lane_kernel, dim3(1), dim3(32), 0, nullptr), cuda_on_host::Fault);
  EXPECT_THROW(launch(foreign_lane_kernel, dim3(1), dim3(32), 0, nullptr), cuda_on_host::Fault);
  EXPECT_THROW(launch(divergent_kernel, dim3(1), dim3(2048), 0, nullptr), cuda_on_host::Fault);
}

}  // namespace
