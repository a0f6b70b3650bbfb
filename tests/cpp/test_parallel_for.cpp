// Loops that are shared between threads: every item once, whatever else goes on.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <limits>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "parallel/parallel_for.h"

namespace {

using rmpe::kGrainsToWake;
using rmpe::parallel_for;

struct Piece {
  int64_t begin, end;
  std::thread::id thread;
};

// What a loop called its body with, by begin.
std::vector<Piece> pieces_of(int64_t count, int64_t grain, int64_t threads) {
  std::mutex mutex;
  std::vector<Piece> pieces;
  parallel_for(count, grain, threads, [&](int64_t begin, int64_t end) {
    const std::lock_guard<std::mutex> lock(mutex);
    pieces.push_back({begin, end, std::this_thread::get_id()});
  });
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  return pieces;
}

// How many items a loop did; -1 where it did one twice or not at all.
int64_t items_done(int64_t count, int64_t grain, int64_t threads) {
  std::vector<std::atomic<int>> times(count);
  parallel_for(count, grain, threads, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) ++times[i];
  });
  const bool once = std::all_of(times.begin(), times.end(), [](int n) { return n == 1; });
  return once ? count : -1;
}

// A door that threads wait at until it is opened.
class Door {
 public:
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    opened_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

TEST(ParallelFor, EveryItemOnce) {
  for (const int64_t count : {0, 1, 2, 63, 64, 65, 1000}) {
    for (const int64_t grain : {1, 7, 64, 2000}) {
      for (const int64_t threads : {1, 2, 3, 16}) {
        EXPECT_EQ(items_done(count, grain, threads), count)
            << count << " items, grain " << grain << ", threads " << threads;
      }
    }
  }
}

TEST(ParallelFor, SmallWorkStaysOnTheThread) {
  for (const auto& [count, grain, threads] :
       {std::array<int64_t, 3>{100, 100, 4}, {199, 100, 4}, {1000, 100, 1}}) {
    const std::vector<Piece> pieces = pieces_of(count, grain, threads);
    ASSERT_EQ(pieces.size(), 1u);
    EXPECT_EQ(pieces[0].end, count);
    EXPECT_EQ(pieces[0].thread, std::this_thread::get_id());
  }
}

// Nobody has looked for work for so long that all workers sleep.
TEST(ParallelFor, ASingleSmallLoopWakesNobody) {
  EXPECT_EQ(items_done(1000, 1, 4), 1000);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::vector<Piece> pieces = pieces_of(kGrainsToWake - 1, 1, 4);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].thread, std::this_thread::get_id());
  EXPECT_THROW(parallel_for(2, 1, 4, [](int64_t, int64_t) { throw 1; }), int);
  EXPECT_GT(pieces_of(1000, 1, 4).size(), 1u);
}

// Each thread waits in its first piece for as many threads as there may be, and the loop has
// time to get more.
TEST(ParallelFor, ThreadsAreNoMoreThanAllowedAndAsManyAsUseful) {
  for (const auto& [count, grain, threads, expected] : {std::array<int64_t, 4>{1000, 1, 2, 2},
                                                        {1000, 1, 5, 5},
                                                        {1000, 1, 3, 3},
                                                        {1700, 100, 32, 17}}) {
    std::mutex mutex;
    std::condition_variable came;
    std::set<std::thread::id> ids;
    parallel_for(count, grain, threads, [&, expected = size_t(expected)](int64_t, int64_t) {
      std::unique_lock<std::mutex> lock(mutex);
      ids.insert(std::this_thread::get_id());
      came.notify_all();
      came.wait(lock, [&] { return ids.size() >= expected; });
    });
    EXPECT_EQ(ids.size(), size_t(expected)) << "of at most " << threads;
  }
}

TEST(ParallelFor, PiecesGetSmaller) {
  constexpr int64_t count = 10000, grain = 40, threads = 2;
  const std::vector<Piece> pieces = pieces_of(count, grain, threads);
  EXPECT_GT(pieces.size(), 10u);
  for (const Piece& piece : pieces) {
    const int64_t size = piece.end - piece.begin;
    EXPECT_LE(size, std::max(grain, (count - piece.begin) / threads));
    if (piece.end < count) {
      EXPECT_GE(size, grain / 2);
    }
  }
}

// Another call has the only worker, and keeps it.
TEST(ParallelFor, WaitsForNoThreadThatHasNotBegun) {
  Door door;
  std::atomic<int> inside{0};
  std::thread other([&] {
    parallel_for(kGrainsToWake, 1, 2, [&](int64_t, int64_t) {
      ++inside;
      door.pass();
    });
  });
  while (inside < 2) std::this_thread::yield();
  EXPECT_EQ(items_done(1000, 1, 2), 1000);
  door.open();
  other.join();
}

TEST(ParallelFor, WaitsForThreadsThatHaveBegun) {
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> began{false}, ended{false};
  parallel_for(kGrainsToWake, 1, 2, [&](int64_t, int64_t) {
    if (std::this_thread::get_id() == caller) {
      while (!began) std::this_thread::yield();
    } else {
      began = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // longer than anybody spins
      ended = true;
    }
  });
  EXPECT_TRUE(ended);
}

TEST(ParallelFor, NestedLoopsStayOnTheThread) {
  std::atomic<int64_t> items{0};
  parallel_for(100, 1, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const std::vector<Piece> pieces = pieces_of(100, 1, 4);
      ASSERT_EQ(pieces.size(), 1u);
      EXPECT_EQ(pieces[0].thread, std::this_thread::get_id());
      items += pieces[0].end;
    }
  });
  EXPECT_EQ(items, 100 * 100);
}

TEST(ParallelFor, ExceptionsReachTheCaller) {
  const auto caller = std::this_thread::get_id();
  for (const bool by_caller : {true, false}) {
    std::atomic<bool> thrown{false};
    try {
      parallel_for(1000, 1, 2, [&](int64_t, int64_t) {
        if ((std::this_thread::get_id() == caller) == by_caller) {
          thrown = true;
          throw std::runtime_error("this one");
        }
        while (!thrown) std::this_thread::yield();
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "this one");
    }
    EXPECT_EQ(items_done(1000, 1, 2), 1000);
    EXPECT_EQ(pieces_of(10, 1, 1).size(), 1u);
  }
  EXPECT_THROW(parallel_for(10, 1, 4, [](int64_t, int64_t) { throw 1; }), int);
}

// One of 16 callers: loops of changing sizes and threads, some nested, some that throw.
void call(int64_t seed, int rounds) {
  for (int64_t i = 0; i < rounds; ++i) {
    const int64_t count = 1 + (i * 37 + seed) % 200, threads = 1 + (i + seed) % 7;
    ASSERT_EQ(items_done(count, 1 + i % 3, threads), count);
    std::atomic<int64_t> sum{0};
    const auto nested = [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        parallel_for(8, 1, 4, [&](int64_t a, int64_t b) { sum += b - a; });
      }
      if (i % 5 == 0 && end == 8) throw std::runtime_error("last");
    };
    if (i % 5 == 0) {
      ASSERT_THROW(parallel_for(8, 1, threads, nested), std::runtime_error);
    } else {
      parallel_for(8, 1, threads, nested);
      ASSERT_EQ(sum, 64);
    }
  }
}

TEST(ParallelFor, ManyCallersAtOnce) {
  std::vector<std::thread> callers;
  for (int64_t seed = 0; seed < 16; ++seed) callers.emplace_back(call, seed, 300);
  for (std::thread& caller : callers) caller.join();
}

// ThreadSanitizer lets no forked process start threads.
#if defined(__SANITIZE_THREAD__)
constexpr int64_t kThreadsAfterFork = 1;
#else
constexpr int64_t kThreadsAfterFork = 4;
#endif

TEST(ParallelFor, AForkedProcessComputes) {
  EXPECT_EQ(items_done(1000, 1, 4), 1000);
  std::atomic<bool> stop{false};
  std::vector<std::thread> callers;  // in the middle of calls, with locks in hand
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      while (!stop) items_done(100, 1, 4);
    });
  }
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      bool right = true;
      for (int j = 0; j < 3; ++j) {
        right = right && items_done(1000, 1, kThreadsAfterFork) == 1000;
      }
      _exit(right ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
}

// Threads sleep in the pool, and others run in it, when the process ends.
TEST(ParallelForDeathTest, AProcessMayEndMeanwhile) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        items_done(1000, 1, 4);
        std::atomic<int> calls{0};
        std::thread([&] {
          while (true) calls += items_done(100, 1, 3) == 100;
        }).detach();
        while (calls < 100) std::this_thread::yield();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

// Pages of memory that the process has.
int64_t pages() {
  int64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident;
}

// The sanitizers keep memory of their own for each call, and see leaks themselves.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int64_t kSmallCalls = 100'000, kMostPages = std::numeric_limits<int64_t>::max();
#else
constexpr int64_t kSmallCalls = 1'000'000, kMostPages = 64;
#endif

TEST(ParallelFor, ManySmallCallsNeitherHangNorTakeMemory) {
  std::atomic<int64_t> sum{0};
  const auto call = [&] {
    parallel_for(2, 1, 2, [&](int64_t begin, int64_t end) { sum += end - begin; });
  };
  for (int64_t i = 0; i < 1000; ++i) call();  // the thread has started
  const int64_t before = pages();
  for (int64_t i = 0; i < kSmallCalls; ++i) call();
  EXPECT_EQ(sum, 2 * (kSmallCalls + 1000));
  EXPECT_LE(pages() - before, kMostPages);
}

}  // namespace
