// A kernel must give the same result in whatever order the threads of a block run.
#pragma once

#include <initializer_list>

#include "cuda_on_host.h"

// Runs body once for each schedule; body checks its results.
template <typename Body>
void for_each_schedule(Body&& body) {
  using cuda_on_host::Schedule;
  for (const Schedule schedule : {Schedule::kForward, Schedule::kBackward, Schedule::kShuffled}) {
    cuda_on_host::set_schedule(schedule);
    body();
  }
  cuda_on_host::set_schedule(Schedule::kForward);
}
