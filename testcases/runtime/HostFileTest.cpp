// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The host's side of a kernel in userspace, alone: what its file is called, and what happens when it cannot grow.
#include "Run.h"
#include <gtest/gtest.h>
#include <sys/stat.h>

extern "C" {
#include "host_file.h"
}

namespace {

constexpr unsigned long Size = 1 << 20, Step = 1 << 16;

// As the process of one kernel that reboots: the same process id.
TEST(HostFile, ARebootKeepsWhatTheBootBeforeRecorded) {
  run::Folder Folder;
  std::string Pattern = Folder / "k.%p.trace", Path = Folder / ("k." + std::to_string(getpid()) + ".trace");
  for (int Boot = 1; Boot <= 3; ++Boot) {
    char *Memory = underlock_host_map(Pattern.c_str(), Size, Step);
    Memory[0] = char('0' + Boot);
  }
  for (int Boot = 1; Boot <= 3; ++Boot) {
    char First = 0;
    std::ifstream(Boot == 1 ? Path : Path + "." + std::to_string(Boot)).read(&First, 1);
    EXPECT_EQ(First, '0' + Boot);
  }
  EXPECT_EQ(Folder.files().size(), 3u);
}

TEST(HostFile, WithoutAProcessIdTheNewestStays) {
  run::Folder Folder;
  for (char Boot : {'1', '2'})
    *underlock_host_map((Folder / "k").c_str(), Size, Step) = Boot;
  char First = 0;
  std::ifstream(Folder / "k").read(&First, 1);
  EXPECT_EQ(First, '2');
  EXPECT_EQ(Folder.files().size(), 1u);
}

TEST(HostFile, GrowsByWhatIsAskedForAndSaysOnceThatItCannot) {
  run::Folder Folder;
  underlock_host_map((Folder / "k").c_str(), Size, Step);
  EXPECT_EQ(underlock_host_grow(Step, 2 * Step), 0);
  struct stat Status;
  ASSERT_EQ(stat((Folder / "k").c_str(), &Status), 0);
  EXPECT_EQ(Status.st_size, off_t(2 * Step));
  signal(SIGXFSZ, SIG_IGN);
  rlimit Before, Small;
  getrlimit(RLIMIT_FSIZE, &Before);
  Small = {2 * Step, Before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &Small);
  testing::internal::CaptureStderr();
  errno = 77;
  for (int Record = 0; Record < 1000; ++Record)
    EXPECT_NE(underlock_host_grow(2 * Step, 3 * Step), 0);
  EXPECT_EQ(errno, 77);
  std::string Said = testing::internal::GetCapturedStderr();
  setrlimit(RLIMIT_FSIZE, &Before);
  EXPECT_EQ(std::count(Said.begin(), Said.end(), '\n'), 1) << Said;
  EXPECT_NE(Said.find("k: the recording cannot grow: File too large"), std::string::npos) << Said;
  // There may be room again: it is not asked for, since the kernel would ask at every record.
  EXPECT_NE(underlock_host_grow(2 * Step, 3 * Step), 0);
}

} // namespace
