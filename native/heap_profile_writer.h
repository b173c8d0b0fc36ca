#ifndef MPROF_HEAP_PROFILE_WRITER_H_
#define MPROF_HEAP_PROFILE_WRITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gzip_file.h"
#include "profile_messages.h"
#include "profile_table.h"
#include "proto_writer.h"

namespace mprof {

// What a heap profile says besides its samples.
struct HeapProfileHeader {
  std::string program;
  int64_t time_nanos;
  uint64_t period;  // bytes between samples
  std::vector<std::string> comments;
};

// Writes the process's heap profile as a pprof file, for when no JavaScript can run:
// the same samples, estimates and names as src/profiles/write-profile.ts writes of the
// same table.
//
// Takes two numbers for each string and each frame that is used, and some 100 KiB
// besides. The table is locked for a few rows at a time, so that no thread waits for
// the file.
class HeapProfileWriter {
 public:
  HeapProfileWriter(ProfileTable& table, GzipFile& file) : table_(table), file_(file) {}

  void Write(const HeapProfileHeader& header);

 private:
  void WriteType(int field, std::string_view type, std::string_view unit);
  void WriteSamples();
  void WriteSample(ProfileTable::Lock& table, const Bucket& bucket);
  void WriteHeader(const HeapProfileHeader& header);
  void WriteFrames();
  void WriteFrame(const Frame& frame, uint64_t row);
  void WriteStrings();
  // The row of a text of this writer's own. None may be new once frames are written.
  uint64_t OwnRow(std::string_view text);
  // The rows of what is in the table, in the order in which they are asked for: from 1
  // on, as viewers take them for places in a list.
  uint64_t FrameRow(FrameId id);
  uint64_t TableRow(StringId id);
  // Hands on what has been written.
  void Flush();

  ProfileTable& table_;
  GzipFile& file_;
  ProtoWriter output_;
  // A message inside it, kept for its memory.
  ProtoWriter message_;
  ProfileMessages messages_{&output_};

  std::vector<std::string> own_strings_ = {""};
  std::map<std::string, uint64_t, std::less<>> own_rows_ = {{"", 0}};
  // By number, 0 for those without a row yet; and which number each row has.
  std::vector<uint32_t> frame_rows_;
  std::vector<FrameId> frames_;
  std::vector<uint32_t> table_rows_;
  std::vector<StringId> table_strings_;
  std::vector<bool> names_file_;
};

}  // namespace mprof

#endif  // MPROF_HEAP_PROFILE_WRITER_H_
