#ifndef MPROF_TEXT_ENCODER_H_
#define MPROF_TEXT_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "range.h"

namespace mprof {

// Records of Go's text profiles, a few of them at a time. The columns are those of
// src/pprof/columns.ts.

struct RecordColumns {
  // Rows of the others, as they are to be written.
  const uint32_t* order;
  const uint32_t* stack;
  // Whole numbers, `width` for each row.
  const double* values;
  size_t width;
  // The line of each row's labels; null without. That of set s is what lies between
  // label_start[s] and label_start[s + 1].
  const uint32_t* set;
  const uint8_t* label_bytes;
  const uint32_t* label_start;
};

struct SymbolColumns {
  // Stack s has the frames from start[s] up to start[s + 1], leaf first.
  const uint32_t* start;
  const uint32_t* frames;
  // Names and files are strings, in valid UTF-8; 0 is the empty one.
  const uint32_t* name;
  const uint32_t* file;
  const uint32_t* line;
  const double* address;
  const uint8_t* bytes;
  const uint32_t* string_start;
};

// Appends what `format` says of a record, in which %0 to %9 stand for its values, then
// the addresses of its stack, the line of its labels, and a line for each frame, aligned
// with tabs as Go aligns them.
void EncodeRecords(const RecordColumns& records, const SymbolColumns& symbols,
                   std::string_view format, Range range, std::string* output);

}  // namespace mprof

#endif  // MPROF_TEXT_ENCODER_H_
