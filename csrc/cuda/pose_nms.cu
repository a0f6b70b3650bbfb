// Launches the greedy suppression of greedy.h with PoseComparison (pose_comparison.h).
//
// Cost: about 50 instructions per joint of a pair, half of them the polynomial of exp. tanh is
// computed once per joint of a tile, 1/32 as often. 256 images of 64 poses with 17 joints are 256 *
// 63 warps of pairs, or 14e6 instructions of a warp: 15 us on 132 multiprocessors that issue four
// per cycle at 1.75 GHz. The poses are 3.3 MB. The rest is the cost of launches (greedy.h).
#include "cuda/greedy.h"
#include "cuda/pose_comparison.h"
#include "cuda/pose_nms.h"

namespace rmpe::cuda {

template <typename T>
size_t pose_nms_scratch_bytes(int64_t N, bool many_images) {
  return greedy_scratch_bytes<PoseComparison<T, true>>(N, many_images);
}

template <typename T>
void launch_pose_nms(const PoseList<T>& poses, const T* boxes, const PoseNMSParameters& parameters,
                     const int64_t* image_index, int64_t N, void* scratch, cudaStream_t stream,
                     bool* keep, int64_t* suppressor) {
  dispatch_comparison(poses, boxes, parameters, [&](const auto& comparison) {
    launch_greedy_nms("poses", comparison, image_index, N, scratch, stream, keep, suppressor);
  });
}

template size_t pose_nms_scratch_bytes<float>(int64_t, bool);
template size_t pose_nms_scratch_bytes<double>(int64_t, bool);
template void launch_pose_nms(const PoseList<float>&, const float*, const PoseNMSParameters&,
                              const int64_t*, int64_t, void*, cudaStream_t, bool*, int64_t*);
template void launch_pose_nms(const PoseList<double>&, const double*, const PoseNMSParameters&,
                              const int64_t*, int64_t, void*, cudaStream_t, bool*, int64_t*);

}  // namespace rmpe::cuda
