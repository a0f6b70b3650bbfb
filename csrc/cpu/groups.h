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

// Sorts [0, N) by the indices of the items, in input order within an index.
inline void sort_by(const int64_t* index, std::vector<int64_t>& order) {
  const auto size = static_cast<int64_t>(order.size());
  const auto [least, greatest] = std::minmax_element(index, index + size);
  const uint64_t range = uint64_t(*greatest) - uint64_t(*least);
  if (range >= uint64_t(size)) {
    std::stable_sort(order.begin(), order.end(),
                     [=](int64_t a, int64_t b) { return index[a] < index[b]; });
    return;
  }
  // By counting: where the items of each index begin, then where the next of them belongs.
  std::vector<int64_t> places(range + 2);
  for (int64_t i = 0; i < size; ++i) ++places[index[i] - *least + 1];
  std::partial_sum(places.begin(), places.end(), places.begin());
  for (int64_t i = 0; i < size; ++i) order[places[index[i] - *least]++] = i;
}

// Items with the same index form a group.
inline Groups group_by(const int64_t* index,  // [N], or null: one group
                       int64_t N) {
  Groups groups;
  groups.order.resize(N);
  std::iota(groups.order.begin(), groups.order.end(), int64_t{0});
  groups.starts.push_back(0);
  if (index != nullptr) {
    if (!std::is_sorted(index, index + N)) sort_by(index, groups.order);
    for (int64_t i = 1; i < N; ++i) {
      if (index[groups.order[i - 1]] < index[groups.order[i]]) groups.starts.push_back(i);
    }
  }
  if (N > 0) groups.starts.push_back(N);
  return groups;
}

}  // namespace rmpe::cpu
