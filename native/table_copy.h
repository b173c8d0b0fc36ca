#ifndef MPROF_TABLE_COPY_H_
#define MPROF_TABLE_COPY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "profile_table.h"
#include "range.h"
#include "thread_parts.h"

namespace mprof {

// Copies of what is in the tables, into arrays of the reader. Buckets change, so
// all of one type are copied at once. Nothing else ever does, and is copied in
// pieces: rows `from` up to `to` of the reader's, so that nobody waits for the
// lock for long.

// The buckets of one type that there were at one moment.
struct BucketRange {
  BucketType type;
  size_t end;   // of all buckets
  size_t rows;  // of this type
};

BucketRange AllBuckets(ProfileTable::Lock& table, BucketType type);

// Columns of `rows` elements.
struct HeapColumns {
  uint32_t* bucket;
  uint32_t* stack;
  double* size;
  double* rate;
  double* allocs;
  double* frees;
  double* alloc_bytes;
  double* free_bytes;
  double* unseen;
  double* unseen_bytes;
  double* variance;
};

struct WaitColumns {
  uint32_t* bucket;
  uint32_t* stack;
  uint32_t* labels;
  double* count;
  double* delay;
};

// The newest bucket first.
void CopyHeapBuckets(ProfileTable::Lock& table, const BucketRange& buckets,
                     const HeapColumns& columns);
void CopyWaitBuckets(ProfileTable::Lock& table, const BucketRange& buckets,
                     const WaitColumns& columns);

// Likewise, of what one thread has counted.
void CopyHeapRows(const std::vector<ThreadParts::Row>& rows, const HeapColumns& columns);
void CopyWaitRows(const std::vector<ThreadParts::Row>& rows, const WaitColumns& columns);

// start[i + 1] = start[i] + the number of frames of stack i, or of bytes of string i
void MeasureStacks(ProfileTable::Lock& table, const uint32_t* stacks, Range range,
                   uint32_t* start);
void MeasureStrings(ProfileTable::Lock& table, const uint32_t* strings, Range range,
                    uint32_t* start);

// The frames of stack i, leaf first, from frames[start[i]] on, and likewise bytes.
void CopyStacks(ProfileTable::Lock& table, const uint32_t* stacks, Range range,
                const uint32_t* start, uint32_t* frames);
void CopyStrings(ProfileTable::Lock& table, const uint32_t* strings, Range range,
                 const uint32_t* start, uint8_t* bytes);

struct FrameColumns {
  uint32_t* name;
  uint32_t* file;
  uint32_t* line;
  uint32_t* column;
  uint32_t* start_line;
  double* address;
};

void CopyFrames(ProfileTable::Lock& table, const uint32_t* frames, Range range,
                const FrameColumns& columns);

}  // namespace mprof

#endif  // MPROF_TABLE_COPY_H_
