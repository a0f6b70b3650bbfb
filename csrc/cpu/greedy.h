// Greedy suppression on the CPU, for any similarity. Within an image, items are visited from the
// best to the worst. Each is compared with the kept items in the order in which they were kept, and
// the first that is too similar removes it. The result is the same as if the best item removed all
// that are similar to it, then the best of the rest, and so on; fewer pairs have to be compared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "cpu/groups.h"

namespace rmpe::cpu {

// Works on images [begin, end). Kept is a class that holds the kept items of one image:
//   void clear();
//   bool rank(int64_t item, double& score);   the score of an item; false: it cannot be compared,
//                                             is kept, and removes nothing
//   int64_t find_suppressor(int64_t item);    position of the first kept item that removes `item`,
//                                             or -1
//   void keep();                              keeps the last argument of find_suppressor
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
