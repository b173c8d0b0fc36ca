#ifndef MPROF_PROFILE_MESSAGES_H_
#define MPROF_PROFILE_MESSAGES_H_

#include <cstdint>

#include "proto_writer.h"

namespace mprof {

// Fields of pprof's Profile; see proto/profile.proto.
enum ProfileField {
  kSampleType = 1,
  kSample = 2,
  kMapping = 3,
  kLocation = 4,
  kFunction = 5,
  kString = 6,
  kKeepFrames = 8,
  kTimeNanos = 9,
  kPeriodType = 11,
  kPeriod = 12,
  kComment = 13,
};

struct LocationMessage {
  uint64_t id;
  uint64_t address;
  uint64_t function;
  uint64_t line;
  uint64_t column;
};

// Name and file are rows of strings.
struct FunctionMessage {
  uint64_t id;
  uint64_t name;
  uint64_t file;
  uint64_t start_line;
};

// The messages of a profile that it has many of, into `output`.
class ProfileMessages {
 public:
  explicit ProfileMessages(ProtoWriter* output) : output_(output) {}

  // A sample is written in this order, and is there when it has ended.
  void BeginSample() {
    message_.Clear();
    inner_.Clear();
  }
  void AddLocation(uint64_t id) { inner_.Varint(id); }
  void EndLocations() { EndPacked(1); }
  void AddValue(int64_t value) { inner_.Varint(static_cast<uint64_t>(value)); }
  void EndValues() { EndPacked(2); }
  // Rows of strings.
  void AddTextLabel(uint64_t key, uint64_t text) { AddLabel(key, 2, text); }
  void AddNumberLabel(uint64_t key, uint64_t number) { AddLabel(key, 3, number); }
  void EndSample() { output_->Block(kSample, message_.bytes()); }

  void Add(const LocationMessage& location) {
    inner_.Clear();
    inner_.Number(1, location.function);
    inner_.Number(2, location.line);
    inner_.Number(3, location.column);
    message_.Clear();
    message_.Number(1, location.id);
    message_.Number(2, 1);
    message_.Number(3, location.address);
    message_.Block(4, inner_.bytes());
    output_->Block(kLocation, message_.bytes());
  }

  // Without a system_name: pprof takes a name that is also the system's for a mangled
  // one and rewrites `<anonymous>`.
  void Add(const FunctionMessage& function) {
    message_.Clear();
    message_.Number(1, function.id);
    message_.Number(2, function.name);
    message_.Number(4, function.file);
    message_.Number(5, function.start_line);
    output_->Block(kFunction, message_.bytes());
  }

 private:
  void EndPacked(int field) {
    message_.Block(field, inner_.bytes());
    inner_.Clear();
  }
  void AddLabel(uint64_t key, int field, uint64_t value) {
    inner_.Clear();
    inner_.Number(1, key);
    inner_.Number(field, value);
    message_.Block(3, inner_.bytes());
  }

  ProtoWriter* const output_;
  // Messages inside it, kept for their memory.
  ProtoWriter message_;
  ProtoWriter inner_;
};

}  // namespace mprof

#endif  // MPROF_PROFILE_MESSAGES_H_
