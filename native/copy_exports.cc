// What binding.ts can copy out of the process's tables.

#include <napi.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "environment.h"
#include "exports.h"
#include "from_js.h"
#include "profile_table.h"
#include "table_copy.h"
#include "thread_parts.h"

namespace mprof {

namespace {

// An object of typed arrays that are filled in place.
class ColumnArrays {
 public:
  ColumnArrays(Napi::Env env, size_t rows)
      : env_(env), rows_(rows), object_(Napi::Object::New(env)) {}

  uint32_t* Uint32(const char* name) { return Add<Napi::Uint32Array>(name); }
  double* Float64(const char* name) { return Add<Napi::Float64Array>(name); }
  // False when something could not be created: a worker can be terminated, and
  // memory run out, between any two calls.
  bool complete() const { return complete_; }
  Napi::Object object() const { return object_; }

 private:
  template <typename Array>
  auto Add(const char* name) -> decltype(Array().Data()) {
    if (!complete_) return nullptr;
    Array array = Array::New(env_, rows_);
    if (array.IsEmpty()) {
      complete_ = false;
      return nullptr;
    }
    object_[name] = array;
    return array.Data();
  }

  Napi::Env env_;
  size_t rows_;
  Napi::Object object_;
  bool complete_ = true;
};

BucketRange BucketsOf(BucketType type) {
  ProfileTable::Lock table(ProfileTable::Process());
  return AllBuckets(table, type);
}

HeapColumns AddHeapColumns(ColumnArrays* arrays) {
  return {arrays->Uint32("bucket"),      arrays->Uint32("stack"),
          arrays->Float64("size"),       arrays->Float64("rate"),
          arrays->Float64("allocs"),     arrays->Float64("frees"),
          arrays->Float64("allocBytes"), arrays->Float64("freeBytes"),
          arrays->Float64("unseen"),     arrays->Float64("unseenBytes"),
          arrays->Float64("variance")};
}

WaitColumns AddWaitColumns(ColumnArrays* arrays) {
  return {arrays->Uint32("bucket"), arrays->Uint32("stack"), arrays->Uint32("labels"),
          arrays->Float64("count"), arrays->Float64("delay")};
}

// Of the thread that is named; empty where none is.
std::optional<std::vector<ThreadParts::Row>> RowsOf(BucketType type,
                                                    const Napi::Value& thread) {
  if (!thread.IsNumber()) return std::nullopt;
  ProfileTable::Lock table(ProfileTable::Process());
  return table.parts().Select(table.buckets(), type,
                              thread.As<Napi::Number>().Uint32Value());
}

// (number of a thread, undefined for all) -> the heap's buckets, up to date for this
// isolate
Napi::Value TakeHeapBuckets(const Napi::CallbackInfo& info) {
  Environment::Of(info).sampler().Refresh();
  if (const auto rows = RowsOf(BucketType::kHeap, info[0])) {
    ColumnArrays arrays(info.Env(), rows->size());
    const HeapColumns columns = AddHeapColumns(&arrays);
    if (arrays.complete()) CopyHeapRows(*rows, columns);
    return arrays.object();
  }
  const BucketRange buckets = BucketsOf(BucketType::kHeap);
  ColumnArrays arrays(info.Env(), buckets.rows);
  const HeapColumns columns = AddHeapColumns(&arrays);
  if (arrays.complete()) {
    ProfileTable::Lock table(ProfileTable::Process());
    CopyHeapBuckets(table, buckets, columns);
  }
  return arrays.object();
}

// (type, number of a thread, undefined for all) -> its buckets
Napi::Value TakeWaitBuckets(const Napi::CallbackInfo& info) {
  const auto type = static_cast<BucketType>(info[0].As<Napi::Number>().Uint32Value());
  if (const auto rows = RowsOf(type, info[1])) {
    ColumnArrays arrays(info.Env(), rows->size());
    const WaitColumns columns = AddWaitColumns(&arrays);
    if (arrays.complete()) CopyWaitRows(*rows, columns);
    return arrays.object();
  }
  const BucketRange buckets = BucketsOf(type);
  ColumnArrays arrays(info.Env(), buckets.rows);
  const WaitColumns columns = AddWaitColumns(&arrays);
  if (arrays.complete()) {
    ProfileTable::Lock table(ProfileTable::Process());
    CopyWaitBuckets(table, buckets, columns);
  }
  return arrays.object();
}

// (stacks, from, to, start)
void MeasureStackRows(const Napi::CallbackInfo& info) {
  const Range range = RangeOf(info[1], info[2]);
  const uint32_t* const stacks = Uint32s(info[0]);
  uint32_t* const start = Uint32s(info[3]);
  ProfileTable::Lock table(ProfileTable::Process());
  MeasureStacks(table, stacks, range, start);
}

// (stacks, from, to, start, frames)
void CopyStackRows(const Napi::CallbackInfo& info) {
  const Range range = RangeOf(info[1], info[2]);
  const uint32_t* const stacks = Uint32s(info[0]);
  const uint32_t* const start = Uint32s(info[3]);
  uint32_t* const frames = Uint32s(info[4]);
  ProfileTable::Lock table(ProfileTable::Process());
  CopyStacks(table, stacks, range, start, frames);
}

// (frames, from, to, name, file, line, column, startLine, address)
void CopyFrameRows(const Napi::CallbackInfo& info) {
  const Range range = RangeOf(info[1], info[2]);
  const uint32_t* const frames = Uint32s(info[0]);
  const FrameColumns columns = {
      Uint32s(info[3]), Uint32s(info[4]), Uint32s(info[5]),
      Uint32s(info[6]), Uint32s(info[7]), Float64s(info[8])};
  ProfileTable::Lock table(ProfileTable::Process());
  CopyFrames(table, frames, range, columns);
}

// (strings, from, to, start)
void MeasureStringRows(const Napi::CallbackInfo& info) {
  const Range range = RangeOf(info[1], info[2]);
  const uint32_t* const strings = Uint32s(info[0]);
  uint32_t* const start = Uint32s(info[3]);
  ProfileTable::Lock table(ProfileTable::Process());
  MeasureStrings(table, strings, range, start);
}

// (strings, from, to, start, bytes)
void CopyStringRows(const Napi::CallbackInfo& info) {
  const Range range = RangeOf(info[1], info[2]);
  const uint32_t* const strings = Uint32s(info[0]);
  const uint32_t* const start = Uint32s(info[3]);
  uint8_t* const bytes = Uint8s(info[4]);
  ProfileTable::Lock table(ProfileTable::Process());
  CopyStrings(table, strings, range, start, bytes);
}

}  // namespace

void AddCopyExports(Exports* exports) {
  exports->Add("takeHeapBuckets", TakeHeapBuckets);
  exports->Add("takeWaitBuckets", TakeWaitBuckets);
  exports->Add("measureStacks", MeasureStackRows);
  exports->Add("copyStacks", CopyStackRows);
  exports->Add("copyFrames", CopyFrameRows);
  exports->Add("measureStrings", MeasureStringRows);
  exports->Add("copyStrings", CopyStringRows);
}

}  // namespace mprof
