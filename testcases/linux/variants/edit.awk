# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A file of a kernel with a variant's lines in it: awk -f edit.awk VARIANT.txt FILE. Line numbers stay. A variant's file:
#
#   # a comment
#   path of the file
#   FUNCTION: LINE               goes: the line is empty then, and has to be nowhere else in the file
#   FUNCTION: LINE => NEW LINE   reads otherwise
#
# Lines are without their indentation, and have to be found in this order. What is not as expected is said on standard
# error, and the exit status is 1 then.

function trimmed(line) { gsub(/^[ \t]+|[ \t]+$/, "", line); return line }

NR == FNR {
	if (/^[a-z_0-9]+: /) {
		edits++
		where[edits] = substr($0, 1, index($0, ":") - 1)
		old[edits] = trimmed(substr($0, index($0, ":") + 1))
		at = index(old[edits], " => ")
		new[edits] = at ? substr(old[edits], at + 4) : ""
		if (at) old[edits] = substr(old[edits], 1, at - 1); else goes[old[edits]]
	}
	next
}
/^[a-z].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
{
	line = trimmed($0)
	if (done < edits && name == where[done + 1] && line == old[done + 1]) {
		$0 = new[++done]
	} else if (line in goes) {
		print "unexpected in line " FNR " (" name "): " line > "/dev/stderr"
		wrong = 1
	}
	print
}
END {
	if (!edits || done < edits) {
		print "not found: " where[done + 1] ": " old[done + 1] > "/dev/stderr"
		wrong = 1
	}
	exit wrong
}
