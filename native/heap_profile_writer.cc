#include "heap_profile_writer.h"

#include <algorithm>
#include <cmath>

#include "file_url.h"
#include "table_copy.h"

namespace mprof {

namespace {

// Rows that are written under one lock.
constexpr size_t kRows = 64;

// Whole numbers, rounded towards 0.
struct Estimate {
  int64_t objects;
  int64_t bytes;
};

// What was sampled with this rate stands for: scaleHeapSample of src/pprof/scale.ts.
Estimate Scale(double objects, double bytes, double rate) {
  if (objects == 0 || bytes == 0) return {0, 0};
  const double factor = rate <= 1 ? 1 : 1 / (1 - std::exp(-(bytes / objects) / rate));
  return {static_cast<int64_t>(objects * factor), static_cast<int64_t>(bytes * factor)};
}

// Calls work(table, i) for all i below `count`, of a few under each lock, and
// after_lock() in between.
template <typename Work, typename AfterLock>
void InPieces(ProfileTable& process, size_t count, Work work, AfterLock after_lock) {
  for (size_t from = 0; from < count; from += kRows) {
    {
      ProfileTable::Lock table(process);
      const size_t to = std::min(count, from + kRows);
      for (size_t i = from; i < to; i++) work(table, i);
    }
    after_lock();
  }
}

}  // namespace

void HeapProfileWriter::Write(const HeapProfileHeader& header) {
  // Pyroscope takes the first string that looks like a file of some language for the
  // profile's.
  OwnRow("node.js");
  WriteType(kSampleType, "alloc_objects", "count");
  WriteType(kSampleType, "alloc_space", "bytes");
  WriteType(kSampleType, "inuse_objects", "count");
  WriteType(kSampleType, "inuse_space", "bytes");
  WriteSamples();
  WriteHeader(header);
  WriteFrames();
  WriteStrings();
}

void HeapProfileWriter::WriteType(int field, std::string_view type,
                                  std::string_view unit) {
  message_.Clear();
  message_.Number(1, OwnRow(type));
  message_.Number(2, OwnRow(unit));
  output_.Block(field, message_.bytes());
}

void HeapProfileWriter::WriteSamples() {
  const size_t end = [&] {
    ProfileTable::Lock table(table_);
    return AllBuckets(table, BucketType::kHeap).end;
  }();
  InPieces(
      table_, end,
      [&](ProfileTable::Lock& table, size_t i) {
        const Bucket& bucket = table.buckets().buckets()[end - 1 - i];
        if (bucket.type == BucketType::kHeap) WriteSample(table, bucket);
      },
      [&] { Flush(); });
}

void HeapProfileWriter::WriteSample(ProfileTable::Lock& table, const Bucket& bucket) {
  messages_.BeginSample();
  for (StackId stack = bucket.stack; stack != StackTable::kRoot;
       stack = table.stacks().CallerOf(stack)) {
    messages_.AddLocation(FrameRow(table.stacks().LeafOf(stack)));
  }
  messages_.EndLocations();

  const double sampled = bucket.allocs + bucket.unseen;
  const Estimate allocated =
      Scale(sampled, bucket.alloc_bytes + bucket.unseen_bytes, bucket.rate);
  const Estimate in_use = Scale(bucket.allocs - bucket.frees,
                                bucket.alloc_bytes - bucket.free_bytes, bucket.rate);
  for (const int64_t value :
       {allocated.objects, allocated.bytes, in_use.objects, in_use.bytes}) {
    messages_.AddValue(value);
  }
  messages_.EndValues();

  if (sampled != 0 && bucket.size != 0) {
    messages_.AddNumberLabel(OwnRow("bytes"), bucket.size);
  }
  messages_.EndSample();
}

void HeapProfileWriter::WriteHeader(const HeapProfileHeader& header) {
  message_.Clear();
  message_.Number(1, 1);
  message_.Number(5, OwnRow(header.program));
  // It has functions, files and lines: nothing is left for a viewer to resolve.
  for (const int has : {7, 8, 9}) message_.Number(has, 1);
  output_.Block(kMapping, message_.bytes());
  WriteType(kPeriodType, "space", "bytes");
  for (const std::string& comment : header.comments) {
    output_.Number(kComment, OwnRow(comment));
  }
  // Tools drop strings that nothing refers to.
  output_.Number(kKeepFrames, OwnRow("node.js"));
  output_.Number(kTimeNanos, static_cast<uint64_t>(header.time_nanos));
  output_.Number(kPeriod, header.period);
}

void HeapProfileWriter::WriteFrames() {
  InPieces(
      table_, frames_.size(),
      [&](ProfileTable::Lock& table, size_t i) {
        WriteFrame(table.stacks().frame(frames_[i]), i + 1);
      },
      [&] { Flush(); });
}

// A function for each: where an allocation happened is where its function starts.
void HeapProfileWriter::WriteFrame(const Frame& frame, uint64_t row) {
  const uint64_t name = TableRow(frame.name);
  const uint64_t file = TableRow(frame.file);
  if (frame.file != 0) names_file_[frame.file] = true;
  messages_.Add(FunctionMessage{row, name, file, frame.position.start_line});
  messages_.Add(LocationMessage{row, frame.address, row, frame.position.line,
                                frame.position.column});
}

void HeapProfileWriter::WriteStrings() {
  for (const std::string& text : own_strings_) output_.Block(kString, text);
  InPieces(
      table_, table_strings_.size(),
      [&](ProfileTable::Lock& table, size_t i) {
        const StringId id = table_strings_[i];
        const std::string_view text = table.stacks().string(id);
        const auto path = names_file_[id] ? PathOfFileUrl(text) : std::nullopt;
        output_.Block(kString, path ? std::string_view(*path) : text);
      },
      [&] { Flush(); });
}

uint64_t HeapProfileWriter::OwnRow(std::string_view text) {
  const auto found = own_rows_.find(text);
  if (found != own_rows_.end()) return found->second;
  const uint64_t row = own_strings_.size();
  own_strings_.emplace_back(text);
  own_rows_.emplace(text, row);
  return row;
}

uint64_t HeapProfileWriter::FrameRow(FrameId id) {
  if (id >= frame_rows_.size()) frame_rows_.resize(id + 1);
  uint32_t& row = frame_rows_[id];
  if (row == 0) {
    frames_.push_back(id);
    row = static_cast<uint32_t>(frames_.size());
  }
  return row;
}

uint64_t HeapProfileWriter::TableRow(StringId id) {
  if (id == 0) return 0;  // the empty string, which every profile begins with
  if (id >= table_rows_.size()) {
    table_rows_.resize(id + 1);
    names_file_.resize(id + 1);
  }
  uint32_t& row = table_rows_[id];
  if (row == 0) {
    row = static_cast<uint32_t>(own_strings_.size() + table_strings_.size());
    table_strings_.push_back(id);
  }
  return row;
}

void HeapProfileWriter::Flush() {
  file_.Write(output_.bytes());
  output_.Clear();
}

}  // namespace mprof
