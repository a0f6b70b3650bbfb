#include "numpy/parallel_for.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace rmpe {
namespace {

// Smaller pieces even out threads that start late or are interrupted; each costs a lock.
constexpr int64_t kPiecesPerThread = 4;

// A call of parallel_for: what is left of its range, in pieces.
struct Job {
  const std::function<void(int64_t, int64_t)>& body;
  int64_t begin, end, piece;
  int64_t running = 0;
  std::exception_ptr error = nullptr;

  bool has_pieces() const { return begin < end; }
};

// Threads that help the callers, of whom there may be several at once. A caller works on its own
// job and needs no help to finish it, so that no call can wait for another.
class Helpers {
 public:
  explicit Helpers(int64_t wanted) : wanted_(wanted) {}

  int64_t wanted() const { return wanted_; }

  void want(int64_t count) {
    const std::lock_guard<std::mutex> lock(mutex_);
    wanted_ = count;
    work_.notify_all();  // those that are too many leave
  }

  void run(Job& job, int64_t pieces) {
    std::unique_lock<std::mutex> lock(mutex_);
    start_threads(pieces - 1);
    jobs_.push_back(&job);
    for (int64_t i = 0; i < std::min(pieces - 1, started_); ++i) work_.notify_one();
    while (job.has_pieces()) run_piece(job, lock);
    done_.wait(lock, [&] { return job.running == 0; });
    if (job.error) std::rethrow_exception(job.error);
  }

 private:
  void start_threads(int64_t useful) {
    try {
      while (started_ < std::min<int64_t>(wanted_, useful)) {
        std::thread([this] { help(); }).detach();
        ++started_;
      }
    } catch (const std::system_error&) {
      // The system gives no more threads: those that there are do the work.
    }
  }

  void help() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      work_.wait(lock, [&] { return !jobs_.empty() || started_ > wanted_; });
      if (started_ > wanted_) break;
      run_piece(*jobs_.front(), lock);
    }
    --started_;
  }

  // Gives the lock back while the piece runs. The job may be gone when this returns.
  void run_piece(Job& job, std::unique_lock<std::mutex>& lock) {
    const int64_t begin = job.begin;
    job.begin = std::min(job.end, begin + job.piece);
    const int64_t end = job.begin;
    if (!job.has_pieces()) jobs_.erase(std::find(jobs_.begin(), jobs_.end(), &job));
    ++job.running;
    lock.unlock();
    std::exception_ptr error;
    try {
      job.body(begin, end);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error) job.error = error;
    if (--job.running == 0 && !job.has_pieces()) done_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable work_, done_;
  std::vector<Job*> jobs_;  // those with pieces that nobody has begun
  int64_t started_ = 0;
  std::atomic<int64_t> wanted_;
};

// Never destroyed, because its threads sleep in it until the process ends.
Helpers* helpers = new Helpers(0);

// A forked process has none of these threads, and a lock that one of them held stays held.
const int at_fork =
    pthread_atfork(nullptr, nullptr, [] { helpers = new Helpers(helpers->wanted()); });

}  // namespace

void parallel_for(int64_t begin, int64_t end, int64_t grain,
                  const std::function<void(int64_t, int64_t)>& body) {
  if (begin >= end) return;
  const int64_t size = end - begin, threads = get_num_threads();
  if (threads == 1 || size <= grain) return body(begin, end);
  const int64_t pieces = std::min((size + grain - 1) / grain, threads * kPiecesPerThread);
  Job job{body, begin, end, (size + pieces - 1) / pieces};
  helpers->run(job, pieces);
}

int64_t get_num_threads() { return helpers->wanted() + 1; }

void set_num_threads(int64_t count) { helpers->want(count - 1); }

}  // namespace rmpe
