// cpu-merge THREADS: merges random stacks of so many threads, and compares each sample's stack with what it was. The random
// numbers are the same in every run. JSON.

#include "../../native/cpu_merge.h"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

using mprof::CpuColumns;
using mprof::CpuSymbols;
using mprof::StackTable;
using mprof::ThreadId;

// A stack in words, leaf first.
std::string TextOf(const CpuSymbols& symbols, uint32_t stack) {
  std::string text;
  for (uint32_t i = symbols.stack_start[stack]; i < symbols.stack_start[stack + 1]; i++) {
    const uint32_t frame = symbols.stack_frames[i];
    for (const uint32_t string : {symbols.frame_name[frame], symbols.frame_file[frame]}) {
      const uint32_t start = symbols.string_start[string];
      text += symbols.string_bytes.substr(start, symbols.string_start[string + 1] - start) + " ";
    }
    text += std::to_string(symbols.frame_line[frame]) + ":" + std::to_string(symbols.frame_column[frame]) + ";";
  }
  return text;
}

}  // namespace

int main(int, char** argv) {
  std::mt19937 random(1);
  const auto below = [&](uint32_t end) { return static_cast<uint32_t>(random() % end); };
  std::vector<std::pair<ThreadId, CpuColumns>> threads;
  std::vector<std::vector<std::string>> expected;
  std::set<std::string> distinct;
  for (int thread = 0; thread < std::atoi(argv[1]); thread++) {
    StackTable table{StackTable::Limits()};
    CpuColumns columns;
    columns.stack_start.push_back(0);
    for (int stack = 0; stack < 200; stack++) {
      for (uint32_t depth = 1 + below(5); depth > 0; depth--) {
        const std::string name = "f" + std::to_string(below(6));
        columns.stack_frames.push_back(*table.InternFrame(name, below(2) == 0 ? "a.js" : "", {below(3), 0, 1}));
      }
      columns.stack_start.push_back(static_cast<uint32_t>(columns.stack_frames.size()));
    }
    CopyFrames(table, &columns);
    expected.emplace_back();
    for (int sample = 0; sample < 1000; sample++) {
      const uint32_t stack = below(10) == 0 ? CpuColumns::kIdle : below(200);
      columns.stack.push_back(stack);
      expected.back().push_back(stack == CpuColumns::kIdle ? "" : TextOf(columns, stack));
    }
    for (uint32_t stack = 0; stack < 200; stack++) distinct.insert(TextOf(columns, stack));
    threads.emplace_back(thread, std::move(columns));
  }
  const bool is_one = threads.size() == 1;
  const CpuSymbols symbols = MergeCpuSymbols(&threads);
  int samples = 0, wrong = 0;
  for (size_t thread = 0; thread < threads.size(); thread++) {
    const std::vector<uint32_t>& stacks = threads[thread].second.stack;
    for (size_t i = 0; i < stacks.size(); i++) {
      samples++;
      const std::string text = stacks[i] == CpuColumns::kIdle ? "" : TextOf(symbols, stacks[i]);
      if (text != expected[thread][i]) wrong++;
    }
  }
  // One thread's stacks stay as they are, twice or not.
  const size_t rows = symbols.stack_start.size() - 1;
  std::printf("{\"samples\": %d, \"wrong\": %d, \"stacks\": %zu, \"distinct\": %zu}\n", samples, wrong, rows,
              is_one ? rows : distinct.size());
}
