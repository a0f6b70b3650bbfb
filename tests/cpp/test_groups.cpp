#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "cpu/groups.h"

namespace {

using rmpe::cpu::group_by;
using rmpe::cpu::Groups;

TEST(GroupBy, EqualIndicesFormAGroupInInputOrder) {
  const std::vector<int64_t> index{7, -3, 7, 0, -3, 7};
  const Groups groups = group_by(index.data(), 6);
  EXPECT_EQ(groups.order, (std::vector<int64_t>{1, 4, 3, 0, 2, 5}));
  EXPECT_EQ(groups.starts, (std::vector<int64_t>{0, 2, 3, 6}));
  EXPECT_EQ(groups.count(), 3);
  EXPECT_EQ(groups.size(0), 2);
  EXPECT_EQ(groups.items(2)[1], 2);
}

TEST(GroupBy, IndicesOfAnyRangeAreSorted) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();
  for (const std::vector<int64_t>& index : {
           std::vector<int64_t>{kGreatest, 0, kLeast, kGreatest},
           std::vector<int64_t>{kLeast + 1, kLeast, kLeast, kLeast + 1},
           std::vector<int64_t>{kGreatest, kGreatest - 2, kGreatest - 1, kGreatest - 2},
           std::vector<int64_t>{4, 1, 3, 1},  // as many values as items
           std::vector<int64_t>{5, 1, 3, 1},  // one more
       }) {
    const Groups groups = group_by(index.data(), 4);
    std::vector<int64_t> order{0, 1, 2, 3};
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return index[a] < index[b]; });
    EXPECT_EQ(groups.order, order);
    std::vector<int64_t> starts{0};
    for (int64_t i = 1; i < 4; ++i) {
      if (index[order[i]] != index[order[i - 1]]) starts.push_back(i);
    }
    starts.push_back(4);
    EXPECT_EQ(groups.starts, starts);
  }
}

TEST(GroupBy, SortedIndicesStayWhereTheyAre) {
  const std::vector<int64_t> index{0, 0, 4, 9};
  const Groups groups = group_by(index.data(), 4);
  EXPECT_EQ(groups.order, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(groups.starts, (std::vector<int64_t>{0, 2, 3, 4}));
}

TEST(GroupBy, WithoutIndicesThereIsOneGroup) {
  EXPECT_EQ(group_by(nullptr, 3).starts, (std::vector<int64_t>{0, 3}));
}

TEST(GroupBy, NothingHasNoGroups) {
  const int64_t none = 0;
  EXPECT_EQ(group_by(nullptr, 0).count(), 0);
  EXPECT_EQ(group_by(&none, 0).count(), 0);
}

}  // namespace
