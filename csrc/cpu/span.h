// Columns of a row.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rmpe::cpu {

struct Span {
  int64_t first, last;

  // What is in both; an empty result still lies within this span.
  Span intersect(const Span& other) const {
    const int64_t begin = std::min(last, std::max(first, other.first));
    return {begin, std::max(begin, std::min(last, other.last))};
  }
};

}  // namespace rmpe::cpu
