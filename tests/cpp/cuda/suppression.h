// What the tests of suppressions on CUDA share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "cpu/groups.h"
#include "crowd.h"

// Ends where its memory ends, and is full of what nobody may read.
struct ScratchMemory {
  std::unique_ptr<unsigned char[]> data;

  explicit ScratchMemory(size_t bytes) : data(new unsigned char[bytes]) {
    std::fill_n(data.get(), bytes, 0xcd);
  }
};

// None; no pair; one pair; a tile less one, full, and one over; several tiles.
constexpr int64_t kSizes[] = {0, 1, 2, 63, 64, 65, 200};

// Indices of `images` images, some much fuller than others, in no order, among them the extremes.
inline std::vector<int64_t> ragged_index(Random& random, int64_t N, int64_t images) {
  using Limits = std::numeric_limits<int64_t>;
  std::vector<int64_t> values = {Limits::min(), Limits::max(), -1, 0};
  while (int64_t(values.size()) < images) {
    values.push_back(random.whole(Limits::min(), Limits::max()));
  }
  std::vector<int64_t> index(N);
  for (int64_t& image : index) image = values[random.whole(0, random.whole(0, images - 1))];
  return index;
}

// What kernels write, over what they must not leave there.
struct Flags {
  std::vector<char> values;

  explicit Flags(int64_t N) : values(N, 2) {}
  bool* data() { return reinterpret_cast<bool*>(values.data()); }
};

// launch(keep, suppressor) does what op(images, begin, end, keep, suppressor) does on the CPU.
template <typename Launch, typename Op>
void expect_as_on_cpu(const int64_t* image_index, int64_t N, Launch&& launch, Op&& op) {
  const rmpe::cpu::Groups images = rmpe::cpu::group_by(image_index, N);
  Flags want_keep(N), keep(N);
  std::vector<int64_t> want_suppressor(N), suppressor(N, -7);
  op(images, 0, images.count(), want_keep.data(), want_suppressor.data());
  launch(keep.data(), suppressor.data());
  ASSERT_EQ(keep.values, want_keep.values);
  ASSERT_EQ(suppressor, want_suppressor);
}
