# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# find_package(Underlock), then
#
#   underlock_instrument(TARGET [TSAN] [MODEL NAME_OR_FILE ...])
#
# marks what TARGET's C and C++ sources do with locks, and links the runtime to it. The compiler has to be Clang of the
# version that the plugin was built for. A changed model compiles the sources anew. With TSAN, TARGET is a program under
# ThreadSanitizer (-fsanitize=thread), with Underlock beside it.
#
# Underlock_EXECUTABLE   the `underlock` of this installation, wherever it was moved to
get_filename_component(Underlock_EXECUTABLE "${CMAKE_CURRENT_LIST_DIR}/../../../bin/underlock" ABSOLUTE)
if(NOT EXISTS "${Underlock_EXECUTABLE}")
  set(Underlock_FOUND FALSE)
  set(Underlock_NOT_FOUND_MESSAGE "${Underlock_EXECUTABLE} does not exist: the installation is not whole")
  return()
endif()

function(_underlock_flags result)
  execute_process(COMMAND "${Underlock_EXECUTABLE}" flags ${ARGN} WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
                  OUTPUT_VARIABLE said ERROR_VARIABLE error RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "underlock_instrument: ${error}")
  endif()
  separate_arguments(words UNIX_COMMAND "${said}")
  set(${result} "${words}" PARENT_SCOPE)
endfunction()

function(underlock_instrument target)
  cmake_parse_arguments(PARSE_ARGV 1 given "TSAN" "" "MODEL")
  if(given_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "underlock_instrument: unknown argument ${given_UNPARSED_ARGUMENTS}; there are TSAN and MODEL")
  endif()
  foreach(language C CXX)
    if(CMAKE_${language}_COMPILER_ID AND NOT CMAKE_${language}_COMPILER_ID STREQUAL "Clang")
      message(FATAL_ERROR "underlock_instrument: the ${language} compiler is ${CMAKE_${language}_COMPILER_ID}, and the plugin "
              "is Clang's: -DCMAKE_${language}_COMPILER=clang-@UNDERLOCK_LLVM_MAJOR@")
    endif()
  endforeach()
  set(models)
  foreach(model ${given_MODEL})
    list(APPEND models --model "${model}")
    if(model MATCHES "/|\\.yaml$")
      get_filename_component(path "${model}" ABSOLUTE)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
    endif()
  endforeach()
  set(sanitizer)
  if(given_TSAN)
    set(sanitizer -fsanitize=thread)
  endif()
  _underlock_flags(compile ${sanitizer} ${models})
  _underlock_flags(link --link ${sanitizer})
  # Pairs such as "-mllvm OPTION" stay together, and stay as often as they come.
  list(JOIN compile " " compile)
  list(JOIN link " " link)
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C,CXX>:SHELL:${compile}>")
  target_link_options(${target} PRIVATE "SHELL:${link}")
endfunction()
