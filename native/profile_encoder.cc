#include "profile_encoder.h"

#include "hash.h"
#include "profile_messages.h"

namespace mprof {

namespace {

// Whole numbers are exact. What does not fit becomes the nearest number that does.
int64_t Int64Of(double value) {
  if (value >= 0x1p63) return INT64_MAX;
  if (value >= -0x1p63) return static_cast<int64_t>(value);
  return value < 0 ? INT64_MIN : 0;
}

// The number of the function of a frame, from 1.
uint32_t FunctionOf(const LocationColumns& columns, const FunctionRows& functions,
                    size_t frame) {
  const auto same = [&](size_t other) {
    return columns.name[other] == columns.name[frame] &&
           columns.file[other] == columns.file[frame] &&
           columns.start_line[other] == columns.start_line[frame];
  };
  const size_t mask = functions.slot_count - 1;
  const uint64_t hash =
      Combine64(Combine64(columns.name[frame], columns.file[frame]), columns.start_line[frame]);
  size_t slot = hash & mask;
  for (; functions.slots[slot] != 0; slot = (slot + 1) & mask) {
    const size_t first = functions.slots[slot] - 1;
    if (same(first)) return functions.before[first] + 1;
  }
  functions.slots[slot] = static_cast<uint32_t>(frame + 1);
  return functions.before[frame] + 1;
}

}  // namespace

void EncodeSamples(const SampleColumns& columns, Range rows, ProtoWriter* output) {
  ProfileMessages messages(output);
  for (size_t row = rows.from; row < rows.to; row++) {
    messages.BeginSample();
    const uint32_t stack = columns.stack[row];
    for (size_t i = columns.start[stack]; i < columns.start[stack + 1]; i++) {
      messages.AddLocation(uint64_t{columns.frames[i]} + 1);
    }
    messages.EndLocations();
    for (size_t i = row * columns.width; i < (row + 1) * columns.width; i++) {
      messages.AddValue(Int64Of(columns.values[i]));
    }
    messages.EndValues();
    if (columns.bytes != nullptr && columns.bytes[row] > 0) {
      messages.AddNumberLabel(columns.bytes_name,
                              static_cast<uint64_t>(Int64Of(columns.bytes[row])));
    }
    if (columns.set != nullptr) {
      const uint32_t set = columns.set[row];
      for (size_t i = columns.set_start[set]; i < columns.set_start[set + 1]; i += 2) {
        messages.AddTextLabel(columns.pairs[i], columns.pairs[i + 1]);
      }
    }
    messages.EndSample();
  }
}

void EncodeFrames(const LocationColumns& columns, const FunctionRows& functions,
                  Range rows, ProtoWriter* output) {
  const auto text = [&](uint32_t string) -> uint64_t {
    return string == 0 ? 0 : uint64_t{string} + columns.strings_before;
  };
  ProfileMessages messages(output);
  for (size_t row = rows.from; row < rows.to; row++) {
    const uint32_t before = functions.before[row];
    const uint32_t function = FunctionOf(columns, functions, row);
    const bool is_new = function > before;
    functions.before[row + 1] = is_new ? function : before;
    if (is_new) {
      messages.Add(FunctionMessage{function, text(columns.name[row]),
                                   text(columns.file[row]), columns.start_line[row]});
    }
    messages.Add(LocationMessage{row + 1,
                                 static_cast<uint64_t>(Int64Of(columns.address[row])),
                                 function, columns.line[row], columns.column[row]});
  }
}

void EncodeStrings(const uint8_t* bytes, const uint32_t* start, Range rows,
                   ProtoWriter* output) {
  for (size_t row = rows.from; row < rows.to; row++) {
    output->Block(kString, {reinterpret_cast<const char*>(bytes) + start[row],
                            start[row + 1] - start[row]});
  }
}

}  // namespace mprof
