#include "parallel/parallel_for.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace rmpe {
namespace {

using Clock = std::chrono::steady_clock;

// A piece is what is left, over this and the number of threads. Greater numbers hold less back, and
// make more pieces.
constexpr int64_t kShare = 2;
// The smallest piece is a grain, over this, so that all threads are done at about one time. A piece
// costs something, too: crop prepares its columns anew for each.
constexpr int64_t kPieces = 2;
// So long a thread that waits stays awake. To wake one took 20 to 50 us in a virtual machine, and
// 10 of its waker; so calls that follow each other closely find it awake, and after others it soon
// sleeps.
constexpr std::chrono::microseconds kLongSpin{100}, kShortSpin{5};

// True while the thread runs a body. Loops inside of it run on this thread.
thread_local bool inside = false;

struct Inside {
  Inside() { inside = true; }
  ~Inside() { inside = false; }
};

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Locks, without sleeping where it can: what is done under the pool's lock takes less than a
// microsecond, and to sleep and be woken takes 50 times as long.
std::unique_lock<std::mutex> locked(std::mutex& mutex) {
  std::unique_lock<std::mutex> lock(mutex, std::try_to_lock);
  for (int i = 0; i < 64 && !lock.owns_lock(); ++i) {
    pause();
    (void)lock.try_lock();
  }
  if (!lock.owns_lock()) lock.lock();
  return lock;
}

// Waits until a condition holds, without sleeping. False where that took too long.
template <typename Condition>
bool spin(Clock::duration longest, Condition&& holds) {
  const auto end = Clock::now() + longest;
  do {
    for (int i = 0; i < 8; ++i) {
      if (holds()) return true;
      pause();
    }
  } while (Clock::now() < end);
  return false;
}

// A call of parallel_for, on the stack of its caller.
class Loop {
 public:
  Loop(int64_t count, int64_t grain, int64_t threads, RangeFunction body)
      : body_(body),
        count_(count),
        grains_(count / grain),
        least_((grain + kPieces - 1) / kPieces),
        threads_(threads) {}

  int64_t threads() const { return threads_; }
  int64_t grains() const { return grains_; }
  bool has_pieces() const { return next_.load(std::memory_order_relaxed) < count_; }

  // Does everything in one piece.
  void work_alone() {
    const Inside here;
    body_(0, count_);
  }

  // Does pieces until none is left.
  void work() {
    const Inside here;
    int64_t begin = 0, end = 0;
    while (take(begin, end)) {
      try {
        body_(begin, end);
      } catch (...) {
        if (!failed_.exchange(true)) error_ = std::current_exception();
        next_.store(count_, std::memory_order_relaxed);  // the rest is in vain
      }
    }
  }

  // How many more workers may come; under the pool's lock.
  int64_t wanted() const { return has_pieces() ? threads_ - 1 - joined : 0; }
  int64_t joined = 0;

  // Workers that are in work(). The last access of a worker is the one with which it leaves.
  std::atomic<int64_t> workers{0};

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  bool take(int64_t& begin, int64_t& end) {
    begin = next_.load(std::memory_order_relaxed);
    do {
      if (begin >= count_) return false;
      end = std::min(count_, begin + std::max(least_, (count_ - begin) / (kShare * threads_)));
    } while (!next_.compare_exchange_weak(begin, end, std::memory_order_relaxed));
    return true;
  }

  const RangeFunction body_;
  const int64_t count_, grains_, least_, threads_;
  std::atomic<int64_t> next_{0};  // the first item that nobody has taken
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;
};

// The threads that help callers, of whom there may be several at once. No call needs them, so that
// none can wait for another.
class Pool {
 public:
  void run(Loop& loop) {
    if (offer(loop)) {
      loop.work();
      finish(loop);
    } else {
      loop.work_alone();
    }
    ended_.store(Clock::now(), std::memory_order_relaxed);
    loop.rethrow();
  }

 private:
  // Whether workers may come. Otherwise the loop is better done by its caller alone.
  bool offer(Loop& loop) {
    bool wake;
    {
      const auto lock = locked(mutex_);
      const auto now = Clock::now();
      if (spinning_ == 0 && loop.grains() < kGrainsToWake &&
          now - ended_.load(std::memory_order_relaxed) > kLongSpin) {
        return false;
      }
      start_workers(loop.threads() - 1);
      loops_.push_back(&loop);
      offered_ = now;
      wake = should_wake(loop);
    }
    // Without the lock, which those who see this take.
    offers_.fetch_add(1, std::memory_order_relaxed);
    if (wake) work_.notify_one();  // which wakes the next, so that the caller can begin
    return true;
  }

  // Whether a worker that sleeps should come to the loop, besides those that look for work anyway.
  bool should_wake(const Loop& loop) const { return sleeping_ > 0 && loop.wanted() > spinning_; }

  void start_workers(int64_t wanted) {
    try {
      for (; workers_ < wanted; ++workers_) std::thread([this] { help(); }).detach();
    } catch (const std::system_error&) {
      // The system gives no more threads: those that there are do the work.
    }
  }

  // Returns when no worker is in the loop, and none can come.
  void finish(Loop& loop) {
    {
      const auto lock = locked(mutex_);
      loops_.erase(std::find(loops_.begin(), loops_.end(), &loop));
    }
    const auto left = [&] { return loop.workers.load(std::memory_order_acquire) == 0; };
    if (spin(kLongSpin, left)) return;  // a piece takes no longer, if nobody interrupts it
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    left_.wait(lock, left);
    --waiting_;
  }

  // A loop that a worker may go to, or null.
  Loop* offered() const {
    for (Loop* loop : loops_) {
      if (loop->wanted() > 0) return loop;
    }
    return nullptr;
  }

  // A worker's life.
  void help() {
    std::unique_lock<std::mutex> lock(mutex_);
    Clock::duration waited = kLongSpin;  // the last time
    while (true) {
      Loop* next = offered();
      if (next == nullptr) {
        const auto since = Clock::now();
        wait_for_offer(lock, waited < kLongSpin ? kLongSpin : kShortSpin);
        waited = offered_ - since;
        continue;
      }
      Loop& loop = *next;
      ++loop.workers;
      ++loop.joined;
      next = offered();
      const bool wake = next != nullptr && should_wake(*next);
      lock.unlock();
      if (wake) work_.notify_one();
      loop.work();
      loop.workers.fetch_sub(1, std::memory_order_release);  // the loop may be gone now
      lock = locked(mutex_);
      if (waiting_ > 0) left_.notify_all();
    }
  }

  void wait_for_offer(std::unique_lock<std::mutex>& lock, Clock::duration awake) {
    const uint64_t seen = offers_.load(std::memory_order_relaxed);
    ++spinning_;
    lock.unlock();
    spin(awake, [&] { return offers_.load(std::memory_order_relaxed) != seen; });
    lock = locked(mutex_);
    --spinning_;
    ++sleeping_;
    work_.wait(lock, [&] { return offered() != nullptr; });
    --sleeping_;
  }

  std::mutex mutex_;
  std::condition_variable work_, left_;
  std::vector<Loop*> loops_;
  int64_t workers_ = 0, spinning_ = 0, sleeping_ = 0;
  Clock::time_point offered_;        // when the last loop came
  int64_t waiting_ = 0;              // callers that sleep until workers have left
  std::atomic<uint64_t> offers_{0};  // how many loops there ever were
  // When the last loop was done.
  std::atomic<Clock::time_point> ended_{Clock::time_point{}};
};

// Never destroyed, because its threads are in it until the process ends.
Pool* pool = new Pool;

// A forked process has none of these threads, and a lock that one of them held stays held.
const int at_fork = pthread_atfork(nullptr, nullptr, [] { pool = new Pool; });

}  // namespace

void run_on_threads(int64_t count, int64_t grain, int64_t threads, RangeFunction body) {
  if (inside) return body(0, count);
  Loop loop(count, grain, threads, body);
  pool->run(loop);
}

}  // namespace rmpe
