// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model's text as it is read: what the tests of model files share.
#ifndef UNDERLOCK_TESTCASES_UNIT_PARSED_H
#define UNDERLOCK_TESTCASES_UNIT_PARSED_H

#include "analyzer/model/Model.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

namespace underlock::test {

struct Parsed {
  std::optional<model::Model> M;
  std::string Said;
};

// `Body` begins in line 3 of test.yaml.
inline Parsed parsed(const std::string &Body) {
  Parsed P;
  llvm::raw_string_ostream Errors(P.Said);
  P.M = model::parse("underlock: 1\nname: test\n" + Body, "test.yaml", UNDERLOCK_MODELS, Errors);
  return P;
}

// A model that must be refused, with a message that begins "test.yaml:LINE:COLUMN: error: " and goes on as given.
inline void refused(const std::string &Body, const std::string &Message) {
  Parsed P = parsed(Body);
  EXPECT_FALSE(P.M) << Body;
  EXPECT_NE(P.Said.find(Message), std::string::npos) << Body << "\nsaid:\n" << P.Said;
  EXPECT_NE(P.Said.find("^"), std::string::npos) << "no caret in:\n" << P.Said;
}

} // namespace underlock::test

#endif
