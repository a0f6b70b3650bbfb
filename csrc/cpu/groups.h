// Groups of items: poses of one image, or poses that one pose removed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace rmpe::cpu {

struct Groups {
  std::vector<int64_t> order;   // [N], indices of items by group, in input order within a group
  std::vector<int64_t> starts;  // [groups + 1], where each group starts in `order`

  int64_t count() const { return static_cast<int64_t>(starts.size()) - 1; }
  const int64_t* items(int64_t group) const { return order.data() + starts[group]; }
  int64_t size(int64_t group) const { return starts[group + 1] - starts[group]; }
};

// The items [0, N) by their indices, in input order within an index.
inline std::vector<int64_t> sorted_by(const int64_t* index, int64_t N) {
  std::vector<int64_t> order(N);
  std::iota(order.begin(), order.end(), int64_t{0});
  if (std::is_sorted(index, index + N)) return order;
  const auto ends = std::minmax_element(index, index + N);
  const int64_t least = *ends.first;
  const uint64_t range = uint64_t(*ends.second) - uint64_t(least);
  if (range >= uint64_t(N)) {  // a table of all values would be longer than the items
    std::stable_sort(order.begin(), order.end(),
                     [=](int64_t a, int64_t b) { return index[a] < index[b]; });
    return order;
  }
  // By counting: where the items of each index begin, then where the next of them belongs.
  std::vector<int64_t> places(range + 2);
  for (int64_t i = 0; i < N; ++i) ++places[index[i] - least + 1];
  std::partial_sum(places.begin(), places.end(), places.begin());
  for (int64_t i = 0; i < N; ++i) order[places[index[i] - least]++] = i;
  return order;
}

// Items with the same index form a group.
inline Groups group_by(const int64_t* index,  // [N], or null: one group
                       int64_t N) {
  Groups groups;
  groups.starts.push_back(0);
  if (index == nullptr) {
    groups.order.resize(N);
    std::iota(groups.order.begin(), groups.order.end(), int64_t{0});
  } else {
    groups.order = sorted_by(index, N);
    for (int64_t i = 1; i < N; ++i) {
      if (index[groups.order[i - 1]] < index[groups.order[i]]) groups.starts.push_back(i);
    }
  }
  if (N > 0) groups.starts.push_back(N);
  return groups;
}

}  // namespace rmpe::cpu
