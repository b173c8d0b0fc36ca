#include "cpu_columns.h"

#include <cstddef>

namespace mprof {

namespace {

template <typename T>
size_t Bytes(const std::vector<T>& column) {
  return column.capacity() * sizeof(T);
}

}  // namespace

void CopyFrames(const StackTable& table, CpuSymbols* symbols) {
  symbols->string_start.push_back(0);
  for (size_t i = 0; i < table.string_count(); i++) {
    symbols->string_bytes.append(table.string(static_cast<StringId>(i)));
    symbols->string_start.push_back(static_cast<uint32_t>(symbols->string_bytes.size()));
  }
  for (size_t i = 0; i < table.frame_count(); i++) {
    const Frame& frame = table.frame(static_cast<FrameId>(i));
    symbols->frame_name.push_back(frame.name);
    symbols->frame_file.push_back(frame.file);
    symbols->frame_line.push_back(frame.position.line);
    symbols->frame_column.push_back(frame.position.column);
    symbols->frame_start_line.push_back(frame.position.start_line);
    symbols->frame_address.push_back(static_cast<double>(frame.address));
  }
}

size_t BytesOf(const CpuColumns& columns) {
  return columns.string_bytes.capacity() + Bytes(columns.string_start) +
         Bytes(columns.frame_name) + Bytes(columns.frame_file) +
         Bytes(columns.frame_line) + Bytes(columns.frame_column) +
         Bytes(columns.frame_start_line) + Bytes(columns.frame_address) +
         Bytes(columns.stack_frames) + Bytes(columns.stack_start) + Bytes(columns.stack) +
         Bytes(columns.time) + Bytes(columns.cpu);
}

}  // namespace mprof
