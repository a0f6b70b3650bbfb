// The ops are written once, for the tensors of whichever binding they are compiled in. It defines
// Tensor and ScalarType, with the members of PyTorch's, and empty, contiguous and get_num_threads.
#pragma once

#if defined(RMPE_NUMPY)
#include "numpy/tensor.h"
#else
#include "torch/tensor.h"
#endif
