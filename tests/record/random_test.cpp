// Whatever happens to a server, its recording says the same as the model.
#include "loop.hpp"
#include "support.hpp"

namespace conclave::record {
namespace {

TEST(RandomRuns, ReplayWithoutDifference) {
  const Folder folder;
  constexpr unsigned files = 60;
  constexpr int steps = 120;
  for (unsigned seed = 0; seed < files; ++seed) {
    const std::string path = folder.file(std::to_string(seed));
    {
      const auto recorder = Recorder::open(path, nullptr);
      ASSERT_TRUE(recorder) << recorder.error();
      for (unsigned run = 0; run < 2; ++run) {
        Loop loop(**recorder, 1000 * run + seed);
        for (int i = 0; i < steps; ++i) loop.step();
      }
      (*recorder)->end("enough");
    }
    const Replayed all = replayed_file(path);
    ASSERT_TRUE(all.same()) << seed << ": " << all;
    EXPECT_EQ(all.runs, 2U);
    EXPECT_GT(all.steps, 2U * steps);
    EXPECT_EQ(all.cuts, 0U);
    EXPECT_EQ(all.ends, std::set<std::string>{"enough"});
  }
}

}  // namespace
}  // namespace conclave::record
