# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Tests of the plugin. What a test may write:
#   %cc, %cxx     Clang with the plugin and Inputs/test.yaml (%bare: with the plugin and no model)
#   %warning-cc  like %cc, with warnings to be seen
#   %ir           -S -emit-llvm -o -
#   %verify       checks IR on its way through a pipe
#   %marks FILE   a summary as one line a mark: LINE VERB MARK CALLEE in FUNCTION: CLASS (EXPRESSION)
import os
import lit.formats

config.name = "plugin"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".c", ".cpp", ".ll", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.underlock_build

inputs = os.path.join(config.test_source_root, "Inputs")
plugin = f"-fplugin={config.plugin} -fpass-plugin={config.plugin} -mllvm -underlock-models-dir={config.models}"
model = f"-mllvm -underlock-model={inputs}/test.yaml"
# The longest first: lit replaces in order.
config.substitutions += [
    ("%warning-cc", f"{config.llvm_bin}/clang {plugin} {model}"),
    ("%bare", f"{config.llvm_bin}/clang -w {plugin}"),
    ("%cxx", f"{config.llvm_bin}/clang++ -w {plugin} {model}"),
    ("%cc", f"{config.llvm_bin}/clang -w {plugin} {model}"),
    ("%ir", "-S -emit-llvm -o -"),
    ("%verify", f"{config.llvm_bin}/opt -passes=verify -S"),
    ("%marks", f"python3 {inputs}/marks.py"),
    ("%models", config.models),
    (r"\bsplit-file\b", f"{config.llvm_bin}/split-file"),
    (r"\bFileCheck\b", f"{config.llvm_bin}/FileCheck"),
    (r"\bnot\b", f"{config.llvm_bin}/not"),
]
