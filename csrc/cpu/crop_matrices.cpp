// Cost: some 60 operations per box, a sine and a cosine.
#include "cpu/crop_matrices.h"

#include <algorithm>

namespace rmpe::cpu {

template <typename T>
void crop_matrices(const T* boxes, const double* radians, const CropGeometry& geometry,
                   int64_t begin, int64_t end, T* matrices) {
  for (int64_t n = begin; n < end; ++n) {
    const Affine m = crop_matrix(boxes + 4 * n, radians ? radians[n] : 0.0, geometry);
    const double values[6] = {m.xx, m.xy, m.x0, m.yx, m.yy, m.y0};
    std::copy(values, values + 6, matrices + 6 * n);
  }
}

template void crop_matrices(const float*, const double*, const CropGeometry&, int64_t, int64_t,
                            float*);
template void crop_matrices(const double*, const double*, const CropGeometry&, int64_t, int64_t,
                            double*);

}  // namespace rmpe::cpu
