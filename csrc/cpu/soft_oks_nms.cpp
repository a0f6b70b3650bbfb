// Cost: as in oks_nms; every kept pose is compared with all others of its image.
#include "cpu/soft_oks_nms.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu/oks_references.h"

namespace rmpe::cpu {

template <typename T>
void soft_oks_nms(const PoseList<T>& poses, const T* areas, const T* sigmas,
                  const SoftOksParameters& parameters, const Groups& images, int64_t begin,
                  int64_t end, bool* keep, T* pose_scores, int64_t* rank) {
  struct Candidate {
    double score;
    int64_t item;
    bool picked;
  };
  OksReferences<T> references(poses, areas, sigmas);
  std::vector<Candidate> candidates;  // in input order, as the references
  std::vector<int64_t> last;          // poses that cannot be compared
  T oks[kLanes<T>];
  for (int64_t image = begin; image < end; ++image) {
    references.clear();
    candidates.clear();
    last.clear();
    for (int64_t k = 0; k < images.size(image); ++k) {
      const int64_t item = images.items(image)[k];
      double score;
      if (references.rank(item, score) && std::isfinite(score)) {
        references.add(item);
        candidates.push_back({score, item, false});
      } else {
        last.push_back(item);
        pose_scores[item] = T(score);
      }
      keep[item] = false;
      rank[item] = -1;
    }

    int64_t kept = 0;
    const auto keep_next = [&](int64_t item) {
      keep[item] = true;
      rank[item] = kept++;
    };
    const int64_t picks = std::min(parameters.max_kept, static_cast<int64_t>(candidates.size()));
    while (kept < picks) {
      Candidate* best = nullptr;
      for (Candidate& candidate : candidates) {
        if (!candidate.picked && (best == nullptr || candidate.score > best->score)) {
          best = &candidate;
        }
      }
      best->picked = true;
      keep_next(best->item);
      for (int64_t b = 0; b < references.block_count(); ++b) {
        references.compare(best->item, b, oks);
        for (int64_t l = 0; l < references.size_of(b); ++l) {
          Candidate& other = candidates[b * kLanes<T> + l];
          if (!other.picked) other.score *= soft_nms_decay(oks[l], parameters);
        }
      }
    }
    for (const Candidate& candidate : candidates) pose_scores[candidate.item] = T(candidate.score);
    for (size_t k = 0; k < last.size() && kept < parameters.max_kept; ++k) keep_next(last[k]);
  }
}

template void soft_oks_nms(const PoseList<float>&, const float*, const float*,
                           const SoftOksParameters&, const Groups&, int64_t, int64_t, bool*, float*,
                           int64_t*);
template void soft_oks_nms(const PoseList<double>&, const double*, const double*,
                           const SoftOksParameters&, const Groups&, int64_t, int64_t, bool*,
                           double*, int64_t*);

}  // namespace rmpe::cpu
