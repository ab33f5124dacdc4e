// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
namespace run {

// As in Run.h. The only thing that differs between the tests of the shared runtime and those of the static one.
extern const char *const Driver = DRIVER;

} // namespace run
