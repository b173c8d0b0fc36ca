// How binding.ts turns columns into a profile.

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "exports.h"
#include "file_url.h"
#include "from_js.h"
#include "profile_encoder.h"
#include "row_numbers.h"
#include "text_encoder.h"
#include "to_js.h"

namespace mprof {

namespace {

// (numbers, from, to, into, row, number, count) -> count
Napi::Value NumberRows(const Napi::CallbackInfo& info) {
  RowNumbers rows = {Uint32s(info[4]), Uint32s(info[5]), NumberOf(info[6])};
  rows.Replace(Uint32s(info[0]), RangeOf(info[1], info[2]), Uint32s(info[3]));
  return Napi::Number::New(info.Env(), rows.count);
}

// (file, from, to, seen, bytes, start) -> rows of strings
Napi::Value FindFileUrls(const Napi::CallbackInfo& info) {
  const uint32_t* const file = Uint32s(info[0]);
  const Range range = RangeOf(info[1], info[2]);
  uint8_t* const seen = Uint8s(info[3]);
  const auto* const bytes = reinterpret_cast<const char*>(Uint8s(info[4]));
  const uint32_t* const start = Uint32s(info[5]);
  std::vector<uint32_t> rows;
  for (size_t i = range.from; i < range.to; i++) {
    const uint32_t row = file[i];
    if (seen[row] != 0) continue;
    seen[row] = 1;
    if (IsFileUrl({bytes + start[row], start[row + 1] - start[row]})) rows.push_back(row);
  }
  return ToArray(info.Env(), rows);
}

// (from, to, stack, start, frames, values, width, bytes, bytesName, set, setStart, pairs)
// -> bytes
Napi::Value EncodeSampleRows(const Napi::CallbackInfo& info) {
  ProtoWriter output;
  EncodeSamples({Uint32s(info[2]), Uint32s(info[3]), Uint32s(info[4]), Float64s(info[5]),
                 NumberOf(info[6]), Float64s(info[7]), NumberOf(info[8]),
                 Uint32s(info[9]), Uint32s(info[10]), Uint32s(info[11])},
                RangeOf(info[0], info[1]), &output);
  return ToArray(info.Env(), output.bytes());
}

// (from, to, name, file, stringsBefore, line, column, startLine, address, slots, before)
// -> bytes
Napi::Value EncodeFrameRows(const Napi::CallbackInfo& info) {
  ProtoWriter output;
  auto slots = info[9].As<Napi::Uint32Array>();
  EncodeFrames({Uint32s(info[2]), Uint32s(info[3]), NumberOf(info[4]), Uint32s(info[5]),
                Uint32s(info[6]), Uint32s(info[7]), Float64s(info[8])},
               {slots.Data(), slots.ElementLength(), Uint32s(info[10])},
               RangeOf(info[0], info[1]), &output);
  return ToArray(info.Env(), output.bytes());
}

// (from, to, bytes, start) -> bytes
Napi::Value EncodeStringRows(const Napi::CallbackInfo& info) {
  ProtoWriter output;
  EncodeStrings(Uint8s(info[2]), Uint32s(info[3]),
                RangeOf(info[0], info[1]), &output);
  return ToArray(info.Env(), output.bytes());
}

// (from, to, format, order, stack, values, width, set, labelBytes, labelStart, start,
// frames, name, file, line, address, bytes, stringStart) -> bytes
Napi::Value EncodeRecordRows(const Napi::CallbackInfo& info) {
  const std::string format = info[2].As<Napi::String>().Utf8Value();
  std::string output;
  EncodeRecords({Uint32s(info[3]), Uint32s(info[4]), Float64s(info[5]), NumberOf(info[6]),
                 Uint32s(info[7]), Uint8s(info[8]), Uint32s(info[9])},
                {Uint32s(info[10]), Uint32s(info[11]), Uint32s(info[12]), Uint32s(info[13]),
                 Uint32s(info[14]), Float64s(info[15]), Uint8s(info[16]),
                 Uint32s(info[17])},
                format, RangeOf(info[0], info[1]), &output);
  return ToArray(info.Env(), output);
}

}  // namespace

void AddEncodeExports(Exports* exports) {
  exports->Add("numberRows", NumberRows);
  exports->Add("findFileUrls", FindFileUrls);
  exports->Add("encodeSamples", EncodeSampleRows);
  exports->Add("encodeFrames", EncodeFrameRows);
  exports->Add("encodeStrings", EncodeStringRows);
  exports->Add("encodeRecords", EncodeRecordRows);
}

}  // namespace mprof
