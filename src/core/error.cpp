#include "lipsound2/core/error.h"

namespace lipsound2 {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kConfig:
      return 2;
    case ErrorKind::kData:
      return 3;
    case ErrorKind::kIo:
      return 4;
    case ErrorKind::kNumeric:
      return 5;
  }
  return 1;
}

}  // namespace lipsound2
