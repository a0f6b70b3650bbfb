// Greedy suppression on the CPU, for any similarity: within an image, go through the items from the
// best to the worst; each is compared with the kept ones before it, and the first of them that is
// too similar removes it. The result is that of picking the best and dropping what resembles it,
// again and again, but only pairs that decide something are computed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rmpe::cpu {

// The items of a call, image by image, in input order within each.
struct ImageGroups {
  std::vector<int64_t> order;   // [N], indices of items
  std::vector<int64_t> starts;  // [images + 1], into order

  int64_t images() const { return static_cast<int64_t>(starts.size()) - 1; }
};

inline ImageGroups group_by_image(const int64_t* image_index,  // [N], or null: one image
                                  int64_t N) {
  ImageGroups groups;
  groups.order.resize(N);
  for (int64_t i = 0; i < N; ++i) groups.order[i] = i;
  groups.starts.push_back(0);
  if (image_index != nullptr) {
    const auto earlier = [=](int64_t a, int64_t b) { return image_index[a] < image_index[b]; };
    if (!std::is_sorted(image_index, image_index + N)) {
      std::stable_sort(groups.order.begin(), groups.order.end(), earlier);
    }
    for (int64_t i = 1; i < N; ++i) {
      if (earlier(groups.order[i - 1], groups.order[i])) groups.starts.push_back(i);
    }
  }
  if (N > 0) groups.starts.push_back(N);
  return groups;
}

// Runs over images [begin, end). Kept is a type that holds the kept items of one image, with
//   void clear();
//   bool rank(int64_t item, double& score);   false: not comparable, kept without suppressing
//   int64_t find_suppressor(int64_t item);    position of the first kept item that removes it, or
//                                             -1: none
//   void keep();                              keep the item that was asked about last
template <typename Kept>
void greedy_nms(const ImageGroups& groups, int64_t begin, int64_t end, Kept& kept,
                // outputs
                bool* keep,             // [N]
                int64_t* suppressor) {  // [N]
  struct Ranked {
    double score;
    int64_t item;
  };
  std::vector<Ranked> ranked;
  std::vector<int64_t> members;
  for (int64_t image = begin; image < end; ++image) {
    const int64_t* items = groups.order.data() + groups.starts[image];
    const int64_t count = groups.starts[image + 1] - groups.starts[image];
    ranked.clear();
    for (int64_t k = 0; k < count; ++k) {
      keep[items[k]] = true;
      suppressor[items[k]] = items[k];
      double score;
      if (count > 1 && kept.rank(items[k], score)) ranked.push_back({score, items[k]});
    }
    std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
      return a.score > b.score || (a.score == b.score && a.item < b.item);
    });

    kept.clear();
    members.clear();
    for (const Ranked& candidate : ranked) {
      const int64_t found = kept.find_suppressor(candidate.item);
      if (found < 0) {
        kept.keep();
        members.push_back(candidate.item);
      } else {
        keep[candidate.item] = false;
        suppressor[candidate.item] = members[found];
      }
    }
  }
}

}  // namespace rmpe::cpu
