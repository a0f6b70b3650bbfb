// Greedy suppression on the CPU, for any similarity: within an image, go through the items from the
// best to the worst; each is compared with the kept ones before it, and the first of them that is
// too similar removes it. The result is that of picking the best and dropping what resembles it,
// again and again, but only pairs that decide something are computed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "cpu/groups.h"

namespace rmpe::cpu {

// Runs over images [begin, end). Kept is a type that holds the kept items of one image, with
//   void clear();
//   bool rank(int64_t item, double& score);   false: not comparable, kept without suppressing
//   int64_t find_suppressor(int64_t item);    position of the first kept item that removes it, or
//                                             -1: none
//   void keep();                              keep the item that was asked about last
template <typename Kept>
void greedy_nms(const Groups& images, int64_t begin, int64_t end, Kept& kept,
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
    const int64_t* items = images.items(image);
    const int64_t count = images.size(image);
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
