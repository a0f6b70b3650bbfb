# Installs the library, builds the example with nothing but what is installed, and runs it.
# In: BUILD, CONFIG, VERSION, CXX of the library; EXAMPLE, the example's folder; SCRATCH, which is
# emptied.
cmake_minimum_required(VERSION 3.21)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
run(${CMAKE_COMMAND} --install ${BUILD} --config ${CONFIG} --prefix ${SCRATCH}/installed)

# Every header works alone.
file(GLOB_RECURSE headers RELATIVE ${SCRATCH}/installed/include ${SCRATCH}/installed/include/*.h)
foreach(header ${headers})
  file(WRITE ${SCRATCH}/header.cpp "#include <${header}>\n")
  run(${CXX} -std=c++17 -Wall -Wextra -Werror -fsyntax-only -I ${SCRATCH}/installed/include
      ${SCRATCH}/header.cpp)
endforeach()

run(${CMAKE_COMMAND} -S ${EXAMPLE} -B ${SCRATCH}/example -D CMAKE_CXX_COMPILER=${CXX}
    -D CMAKE_BUILD_TYPE=${CONFIG} -D CMAKE_PREFIX_PATH=${SCRATCH}/installed)
run(${CMAKE_COMMAND} --build ${SCRATCH}/example --config ${CONFIG})
file(STRINGS ${SCRATCH}/example/CMakeCache.txt found
     REGEX "^rmpe_ext_DIR:PATH=${SCRATCH}/installed/")
if(NOT found)
  message(FATAL_ERROR "The example was built with another rmpe_ext than the one just installed")
endif()

execute_process(COMMAND ${SCRATCH}/example/poses OUTPUT_VARIABLE got COMMAND_ERROR_IS_FATAL ANY)
file(READ ${CMAKE_CURRENT_LIST_DIR}/package.txt want)
if(NOT got STREQUAL want)
  message(FATAL_ERROR "The example printed\n${got}\ninstead of\n${want}")
endif()

# Its version is the Python package's.
file(WRITE ${SCRATCH}/version/CMakeLists.txt
  "cmake_minimum_required(VERSION 3.21)\nproject(version LANGUAGES NONE)\n"
  "find_package(rmpe_ext ${VERSION} EXACT CONFIG REQUIRED)\n"
  "find_package(rmpe_ext 999 CONFIG QUIET)\n"
  "if(rmpe_ext_FOUND)\n  message(FATAL_ERROR \"found a version that does not exist\")\nendif()\n")
run(${CMAKE_COMMAND} -S ${SCRATCH}/version -B ${SCRATCH}/version/build
    -D CMAKE_PREFIX_PATH=${SCRATCH}/installed)
