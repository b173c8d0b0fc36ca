#include "text_encoder.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace mprof {

namespace {

// Columns are a multiple of this many characters wide.
constexpr size_t kTab = 8;

template <typename Integer>
void AppendInteger(Integer value, int base, std::string* output) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value, base).ptr;
  output->append(digits, end);
}

void AppendNumber(double value, std::string* output) {
  if (value > -0x1p63 && value < 0x1p63) {
    AppendInteger(static_cast<int64_t>(value), 10, output);
    return;
  }
  char digits[320];
  const int length = std::snprintf(digits, sizeof(digits), "%.0f", value);
  output->append(digits, static_cast<size_t>(length));
}

void AppendHex(uint64_t address, std::string* output) {
  output->append("0x");
  AppendInteger(address, 16, output);
}

size_t HexLength(uint64_t address) {
  size_t digits = 1;
  while (address >>= 4) digits++;
  return 2 + digits;
}

// Where a cell ends: at least one character after the longest of its column.
size_t ColumnWidth(size_t longest) { return (longest + kTab) / kTab * kTab; }

void AppendTabs(size_t width, size_t length, std::string* output) {
  output->append((width - length + kTab - 1) / kTab, '\t');
}

bool EndsLineOrCell(char byte) { return byte >= '\t' && byte <= '\r'; }

// Text as it is in a line: a space for each character that would end the line or a cell.
void AppendText(std::string_view text, std::string* output) {
  const size_t begin = output->size();
  output->append(text);
  std::replace_if(output->begin() + static_cast<std::ptrdiff_t>(begin), output->end(),
                  EndsLineOrCell, ' ');
}

// In characters, which begin at each byte that does not continue one.
size_t LengthOf(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  }));
}

class StackText {
 public:
  StackText(const SymbolColumns& symbols, std::string* output)
      : symbols_(symbols), output_(output) {}

  // Each one above that of the protobuf: readers take them for return addresses and
  // subtract one.
  void AppendAddresses(uint32_t stack) {
    for (size_t i = symbols_.start[stack]; i < symbols_.start[stack + 1]; i++) {
      output_->push_back(' ');
      AppendHex(AddressOf(symbols_.frames[i]) + 1, output_);
    }
  }

  void AppendLines(uint32_t stack) {
    const size_t end = symbols_.start[stack + 1];
    for (size_t i = symbols_.start[stack]; i < end;) {
      const uint32_t frame = symbols_.frames[i];
      if (symbols_.name[frame] != 0) {
        i = AppendNamed(i, end);
        continue;
      }
      output_->append("#\t");
      AppendHex(AddressOf(frame), output_);
      output_->push_back('\n');
      i++;
    }
  }

 private:
  uint64_t AddressOf(uint32_t frame) const {
    return static_cast<uint64_t>(symbols_.address[frame]);
  }
  std::string_view StringOf(uint32_t row) const {
    return {reinterpret_cast<const char*>(symbols_.bytes) + symbols_.string_start[row],
            symbols_.string_start[row + 1] - symbols_.string_start[row]};
  }
  size_t NameLength(uint32_t frame) const {
    return LengthOf(StringOf(symbols_.name[frame])) + kOffset.size();
  }

  // Frames with names, from `from` up to the next one without or `end`: they share
  // columns. Returns where they end.
  size_t AppendNamed(size_t from, size_t end) {
    size_t addresses = 0;
    size_t names = 0;
    size_t to = from;
    name_lengths_.clear();
    for (; to < end && symbols_.name[symbols_.frames[to]] != 0; to++) {
      const uint32_t frame = symbols_.frames[to];
      addresses = std::max(addresses, HexLength(AddressOf(frame)));
      name_lengths_.push_back(NameLength(frame));
      names = std::max(names, name_lengths_.back());
    }
    for (size_t i = from; i < to; i++) {
      const uint32_t frame = symbols_.frames[i];
      const uint64_t address = AddressOf(frame);
      output_->append("#\t");
      AppendHex(address, output_);
      AppendTabs(ColumnWidth(addresses), HexLength(address), output_);
      AppendText(StringOf(symbols_.name[frame]), output_);
      output_->append(kOffset);
      AppendTabs(ColumnWidth(names), name_lengths_[i - from], output_);
      AppendPlace(frame);
      output_->push_back('\n');
    }
    return to;
  }

  void AppendPlace(uint32_t frame) {
    if (symbols_.file[frame] == 0) {
      output_->append("?:0");
      return;
    }
    AppendText(StringOf(symbols_.file[frame]), output_);
    output_->push_back(':');
    AppendInteger(symbols_.line[frame], 10, output_);
  }

  // Of code from a function's start: what is known is the line.
  static constexpr std::string_view kOffset = "+0x0";

  const SymbolColumns& symbols_;
  std::string* const output_;
  std::vector<size_t> name_lengths_;
};

}  // namespace

void EncodeRecords(const RecordColumns& records, const SymbolColumns& symbols,
                   std::string_view format, Range range, std::string* output) {
  StackText stacks(symbols, output);
  for (size_t i = range.from; i < range.to; i++) {
    const size_t row = records.order[i];
    for (size_t at = 0; at < format.size(); at++) {
      if (format[at] == '%') {
        const auto column = static_cast<size_t>(format[++at] - '0');
        AppendNumber(records.values[row * records.width + column], output);
      } else {
        output->push_back(format[at]);
      }
    }
    output->append(" @");
    stacks.AppendAddresses(records.stack[row]);
    output->push_back('\n');
    if (records.set != nullptr) {
      const uint32_t set = records.set[row];
      output->append(reinterpret_cast<const char*>(records.label_bytes) +
                         records.label_start[set],
                     records.label_start[set + 1] - records.label_start[set]);
    }
    stacks.AppendLines(records.stack[row]);
    output->push_back('\n');
  }
}

}  // namespace mprof
