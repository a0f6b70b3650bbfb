// Groups of items: poses of one image, or poses that one pose removed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rmpe::cpu {

struct Groups {
  std::vector<int64_t> order;   // [N], indices of items by group, in input order within a group
  std::vector<int64_t> starts;  // [groups + 1], where each group starts in `order`

  int64_t count() const { return static_cast<int64_t>(starts.size()) - 1; }
  const int64_t* items(int64_t group) const { return order.data() + starts[group]; }
  int64_t size(int64_t group) const { return starts[group + 1] - starts[group]; }
};

// Items with the same index form a group.
inline Groups group_by(const int64_t* index,  // [N], or null: one group
                       int64_t N) {
  Groups groups;
  groups.order.resize(N);
  for (int64_t i = 0; i < N; ++i) groups.order[i] = i;
  groups.starts.push_back(0);
  if (index != nullptr) {
    const auto earlier = [=](int64_t a, int64_t b) { return index[a] < index[b]; };
    if (!std::is_sorted(index, index + N)) {
      std::stable_sort(groups.order.begin(), groups.order.end(), earlier);
    }
    for (int64_t i = 1; i < N; ++i) {
      if (earlier(groups.order[i - 1], groups.order[i])) groups.starts.push_back(i);
    }
  }
  if (N > 0) groups.starts.push_back(N);
  return groups;
}

}  // namespace rmpe::cpu
