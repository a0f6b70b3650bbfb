// Cost: some 60 double instructions per box, a sine and a cosine. The cost of the launch dominates.
#include "cuda/crop_matrices.h"
#include "cuda/grid_size.h"

namespace rmpe::cuda {
namespace {

constexpr int kThreads = 256;

template <typename T>
__global__ void __launch_bounds__(kThreads)
    crop_matrices_kernel(const T* __restrict__ boxes,  // [N, 4]
                         Floats rotation, CropGeometry geometry, int64_t N,
                         // outputs
                         T* __restrict__ matrices) {  // [N, 2, 3]
  const int64_t n = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (n >= N) return;
  const double degrees = rotation.data ? rotation[n] : 0.0;
  const Affine m = crop_matrix(boxes + 4 * n, radians(degrees), geometry);
  const double values[6] = {m.xx, m.xy, m.x0, m.yx, m.yy, m.y0};
  for (int i = 0; i < 6; ++i) matrices[6 * n + i] = T(values[i]);
}

}  // namespace

template <typename T>
void launch_crop_matrices(const T* boxes, const Floats& rotation, const CropGeometry& geometry,
                          int64_t N, cudaStream_t stream, T* matrices) {
  launch(crop_matrices_kernel<T>, dim3(grid_size("boxes", N, kThreads)), dim3(kThreads), 0, stream,
         boxes, rotation, geometry, N, matrices);
}

template void launch_crop_matrices(const float*, const Floats&, const CropGeometry&, int64_t,
                                   cudaStream_t, float*);
template void launch_crop_matrices(const double*, const Floats&, const CropGeometry&, int64_t,
                                   cudaStream_t, double*);

}  // namespace rmpe::cuda
