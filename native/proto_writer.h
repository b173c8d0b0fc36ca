#ifndef MPROF_PROTO_WRITER_H_
#define MPROF_PROTO_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace mprof {

// Fields of a protobuf message, one after the other. Numbers that are 0 are left out,
// as the format has it.
class ProtoWriter {
 public:
  void Number(int field, uint64_t value) {
    if (value == 0) return;
    Varint(static_cast<uint64_t>(field) << 3);
    Varint(value);
  }
  // A string, an embedded message, or packed numbers.
  void Block(int field, std::string_view bytes) {
    Varint((static_cast<uint64_t>(field) << 3) | 2);
    Varint(bytes.size());
    bytes_.append(bytes);
  }
  // One of packed numbers, which have no tags.
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }

  const std::string& bytes() const { return bytes_; }
  // Keeps the memory.
  void Clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

}  // namespace mprof

#endif  // MPROF_PROTO_WRITER_H_
