#ifndef MPROF_RANGE_H_
#define MPROF_RANGE_H_

#include <cstddef>

namespace mprof {

// Rows `from` up to `to`.
struct Range {
  size_t from;
  size_t to;
};

}  // namespace mprof

#endif  // MPROF_RANGE_H_
