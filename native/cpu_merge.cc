#include "cpu_merge.h"

#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "stack_table.h"

namespace mprof {

namespace {

class Merger {
 public:
  Merger()
      : table_(StackTable::Limits()),
        // There is room: nothing else is in the table.
        overflow_(*table_.InternFrame("(overflow)", "", {0, 0, 0})) {
    symbols_.stack_start.push_back(0);
  }

  void Add(CpuColumns* columns) {
    const CpuSymbols symbols = std::move(*columns);
    std::vector<FrameId> frames;
    for (size_t i = 0; i < symbols.frame_name.size(); i++) {
      frames.push_back(AddFrame(symbols, i));
    }
    std::vector<uint32_t> rows;
    for (size_t i = 0; i + 1 < symbols.stack_start.size(); i++) {
      rows.push_back(AddStack(symbols, i, frames));
    }
    for (uint32_t& stack : columns->stack) {
      if (stack != CpuColumns::kIdle) stack = rows[stack];
    }
  }

  CpuSymbols Finish() {
    CopyFrames(table_, &symbols_);
    return std::move(symbols_);
  }

 private:
  FrameId AddFrame(const CpuSymbols& symbols, size_t i) {
    const auto string = [&](uint32_t id) {
      const uint32_t start = symbols.string_start[id];
      return std::string_view(symbols.string_bytes)
          .substr(start, symbols.string_start[id + 1] - start);
    };
    const Position position = {symbols.frame_line[i], symbols.frame_column[i],
                               symbols.frame_start_line[i],
                               symbols.frame_start_column[i]};
    return table_
        .InternFrame(string(symbols.frame_name[i]), string(symbols.frame_file[i]),
                     position)
        .value_or(overflow_);
  }

  uint32_t AddStack(const CpuSymbols& symbols, size_t i,
                    const std::vector<FrameId>& frames) {
    const size_t begin = symbols.stack_start[i];
    std::optional<StackId> stack = StackTable::kRoot;
    for (size_t j = symbols.stack_start[i + 1]; j-- > begin && stack;) {
      stack = table_.Extend(*stack, frames[symbols.stack_frames[j]]);
    }
    const auto next = static_cast<uint32_t>(symbols_.stack_start.size() - 1);
    // What finds no room is a row of its own.
    if (stack) {
      const auto [row, is_new] = rows_.try_emplace(*stack, next);
      if (!is_new) return row->second;
    }
    for (size_t j = begin; j < symbols.stack_start[i + 1]; j++) {
      symbols_.stack_frames.push_back(frames[symbols.stack_frames[j]]);
    }
    symbols_.stack_start.push_back(static_cast<uint32_t>(symbols_.stack_frames.size()));
    return next;
  }

  StackTable table_;
  const FrameId overflow_;
  std::unordered_map<StackId, uint32_t> rows_;
  CpuSymbols symbols_;
};

}  // namespace

CpuSymbols MergeCpuSymbols(std::vector<std::pair<ThreadId, CpuColumns>>* threads) {
  if (threads->size() == 1) return std::move(threads->front().second);
  Merger merger;
  for (auto& [id, columns] : *threads) merger.Add(&columns);
  return merger.Finish();
}

}  // namespace mprof
