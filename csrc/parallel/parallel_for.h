// Shares a loop between threads, on busy machines as on idle ones.
//
// The caller takes piece after piece, as the other threads do, and at the end waits for those alone
// that are in the middle of a piece. So it never waits for a thread that the system has not let
// begin, as it would at OpenMP's barriers, where all threads have equal shares. Pieces get smaller
// toward the end, so that a thread that is interrupted holds little back.
//
// The other threads start when they are first needed, sleep between calls, and start anew in a
// forked process, where GCC's OpenMP would wait for them forever.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rmpe {

// A function of a range of items, which stays where it is.
class RangeFunction {
 public:
  template <typename Body>
  explicit RangeFunction(const Body& body)
      : body_(&body), call_([](const void* object, int64_t begin, int64_t end) {
          (*static_cast<const Body*>(object))(begin, end);
        }) {}

  void operator()(int64_t begin, int64_t end) const { call_(body_, begin, end); }

 private:
  const void* body_;
  void (*call_)(const void*, int64_t, int64_t);
};

// Threads that sleep are woken for a loop of so many grains, or for one that soon follows another.
// Single smaller ones, between other work, are faster without: in a virtual machine, decode of
// eight people took 52 us on one thread and 67 on two. Two threads gained nothing below some 300 us
// there, but other machines wake them sooner, and have more.
constexpr int64_t kGrainsToWake = 8;

// Calls body on up to so many threads, two or more; see parallel_for.
void run_on_threads(int64_t count, int64_t grain, int64_t threads, RangeFunction body);

// Calls body(begin, end) for ranges that cover [0, count) once, and returns when all are done.
// Takes up to `threads` threads, the caller's included, and no more than there are whole grains:
// `grain` items are worth handing to a thread that is awake, and kGrainsToWake grains the waking of
// one that sleeps; ranges may be smaller. Inside of body, and of a body inside of it, it takes one.
// An exception of body is thrown here; then not all items may have been done.
template <typename Body>
void parallel_for(int64_t count, int64_t grain, int64_t threads, const Body& body) {
  threads = std::min(threads, count / grain);
  if (threads > 1) return run_on_threads(count, grain, threads, RangeFunction(body));
  if (count > 0) body(int64_t{0}, count);
}

}  // namespace rmpe
