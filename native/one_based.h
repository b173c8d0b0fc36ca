#ifndef MPROF_ONE_BASED_H_
#define MPROF_ONE_BASED_H_

#include <cstdint>

namespace mprof {

// A line or column as V8 has it, from 1 on; 0 when V8 does not know.
inline uint32_t OneBased(int line_or_column) {
  return line_or_column > 0 ? static_cast<uint32_t>(line_or_column) : 0;
}

}  // namespace mprof

#endif  // MPROF_ONE_BASED_H_
