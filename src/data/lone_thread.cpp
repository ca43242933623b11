#include "lone_thread.h"

#include <ATen/Parallel.h>
#include <omp.h>

namespace lipsound2::data {

void compute_alone() {
  at::internal::lazy_init_num_threads();  // else LibTorch sets the thread's count anew at its first
                                          // operation
  omp_set_num_threads(1);
}

}  // namespace lipsound2::data
