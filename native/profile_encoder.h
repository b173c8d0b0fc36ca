#ifndef MPROF_PROFILE_ENCODER_H_
#define MPROF_PROFILE_ENCODER_H_

#include <cstddef>
#include <cstdint>

#include "proto_writer.h"
#include "range.h"

namespace mprof {

// Rows of a profile's columns as messages of pprof's Profile (proto/profile.proto), a
// few of them at a time. The columns are those of src/pprof/columns.ts.

struct SampleColumns {
  const uint32_t* stack;
  // Stack s has the frames from start[s] up to start[s + 1], leaf first.
  const uint32_t* start;
  const uint32_t* frames;
  // `width` of them for each sample.
  const double* values;
  size_t width;
  // The numeric label `bytes`, whose name is this row of the strings; null without.
  const double* bytes;
  uint32_t bytes_name;
  // The set of text labels of each sample; null without. Set s has the pairs of rows of
  // strings from set_start[s] up to set_start[s + 1].
  const uint32_t* set;
  const uint32_t* set_start;
  const uint32_t* pairs;
};

void EncodeSamples(const SampleColumns& columns, Range rows, ProtoWriter* output);

struct LocationColumns {
  // The frames' own strings; row 0 is the empty string, and the others are this many rows
  // further down in the profile's table.
  const uint32_t* name;
  const uint32_t* file;
  uint32_t strings_before;
  const uint32_t* line;
  const uint32_t* column;
  const uint32_t* start_line;
  const double* address;
};

// The functions of the frames, numbered in the order of their first frames: frames of
// the same name, file and first line are of one function. All is 0 to begin with.
struct FunctionRows {
  // A hash table: of a function its first frame, plus 1. Its length is a power of two
  // and greater than the number of frames.
  uint32_t* slots;
  size_t slot_count;
  // before[f + 1] is how many functions frames 0 to f are of.
  uint32_t* before;
};

// One location for each frame, and after the first one of a function the function. The
// rows before these must have been encoded before.
void EncodeFrames(const LocationColumns& columns, const FunctionRows& functions,
                  Range rows, ProtoWriter* output);

// String s is what lies between start[s] and start[s + 1].
void EncodeStrings(const uint8_t* bytes, const uint32_t* start, Range rows,
                   ProtoWriter* output);

}  // namespace mprof

#endif  // MPROF_PROFILE_ENCODER_H_
