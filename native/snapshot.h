#ifndef MPROF_SNAPSHOT_H_
#define MPROF_SNAPSHOT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "profile_table.h"

namespace mprof {

// Strings, frames and stacks as flat columns, holding only what was asked for.
// String 0 is the empty string. Stacks list their frames leaf first.
struct SymbolColumns {
  std::string string_bytes;
  std::vector<uint32_t> string_start;
  std::vector<uint32_t> frame_name;
  std::vector<uint32_t> frame_file;
  std::vector<uint32_t> frame_line;
  std::vector<uint32_t> frame_column;
  std::vector<uint32_t> frame_start_line;
  std::vector<double> frame_address;
  std::vector<uint32_t> stack_frames;
  std::vector<uint32_t> stack_start;
};

// All heap buckets, the newest first, with their symbols.
struct HeapColumns {
  SymbolColumns symbols;
  std::vector<uint32_t> bucket;
  std::vector<uint32_t> stack;  // row in symbols
  std::vector<double> size;
  std::vector<double> rate;
  std::vector<double> allocs;
  std::vector<double> frees;
  std::vector<double> alloc_bytes;
  std::vector<double> free_bytes;
  std::vector<double> unseen;
  std::vector<double> unseen_bytes;
  std::vector<double> variance;
};

// All buckets of one kind of wait, the newest first, with their symbols.
struct WaitColumns {
  SymbolColumns symbols;
  std::vector<uint32_t> bucket;
  std::vector<uint32_t> stack;  // row in symbols
  std::vector<double> count;
  std::vector<double> delay;
};

// Stacks with their symbols.
struct StackRows {
  SymbolColumns symbols;
  std::vector<uint32_t> stack;  // row in symbols, of each stack asked for
};

HeapColumns TakeHeapBuckets(ProfileTable::Lock& table);
WaitColumns TakeWaitBuckets(ProfileTable::Lock& table, BucketType type);
StackRows TakeStacks(ProfileTable::Lock& table, const std::vector<StackId>& stacks);
// Every frame interned so far, without stacks.
SymbolColumns TakeFrames(ProfileTable::Lock& table);

}  // namespace mprof

#endif  // MPROF_SNAPSHOT_H_
