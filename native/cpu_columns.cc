#include "cpu_columns.h"

#include <cstddef>

namespace mprof {

namespace {

// Calls `visit` for each of them.
template <typename Columns, typename Visit>
void ForEachColumn(Columns* columns, const Visit& visit) {
  visit(&columns->string_bytes);
  visit(&columns->string_start);
  visit(&columns->frame_name);
  visit(&columns->frame_file);
  visit(&columns->frame_line);
  visit(&columns->frame_column);
  visit(&columns->frame_start_line);
  visit(&columns->frame_start_column);
  visit(&columns->frame_address);
  visit(&columns->stack_frames);
  visit(&columns->stack_start);
  visit(&columns->stack);
  visit(&columns->time);
  visit(&columns->cpu);
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
    symbols->frame_start_column.push_back(frame.position.start_column);
    symbols->frame_address.push_back(static_cast<double>(frame.address));
  }
}

void Shrink(CpuColumns* columns) {
  ForEachColumn(columns, [](auto* column) { column->shrink_to_fit(); });
}

size_t BytesOf(const CpuColumns& columns) {
  size_t bytes = 0;
  ForEachColumn(&columns, [&bytes](const auto* column) {
    bytes += column->capacity() * sizeof((*column)[0]);
  });
  return bytes;
}

}  // namespace mprof
