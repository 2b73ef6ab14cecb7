// Installs the C library that build-capi.mjs made: `npm run install:capi -- --prefix DIR`. Headers go to DIR/include,
// libraries to DIR/lib, with what pkg-config (lib/pkgconfig/quire.pc) and CMake (lib/cmake/Quire) read.
//
// Promises: what is installed finds itself, so the folder may be moved; nothing outside of DIR is written.
// Leaves to others: building.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LIBRARY = `${ROOT}native/dist/capi`
const HEADERS = `${ROOT}bindings/c/include`
const VERSION = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')).version
/** System libraries that a program needs which links the static library. */
const SYSTEM = process.platform === 'linux' ? '-lgcc_s -lutil -lrt -lpthread -lm -ldl' : '-lpthread -lm'

const PKG_CONFIG = `prefix=\${pcfiledir}/../..
includedir=\${prefix}/include
libdir=\${prefix}/lib

Name: quire
Description: QuireDB, an embedded document database
Version: ${VERSION}
Cflags: -I\${includedir}
Libs: -L\${libdir} -lquire
Libs.private: ${SYSTEM}
`

const SHARED_NAME = process.platform === 'darwin' ? 'libquire.dylib' : 'libquire.so.1'

const CMAKE_CONFIG = `# Quire::quire is the shared library, Quire::quire_static the static one with the system libraries that it needs.
get_filename_component(_quire_prefix "\${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET Quire::quire)
  add_library(Quire::quire SHARED IMPORTED)
  set_target_properties(Quire::quire PROPERTIES
    IMPORTED_LOCATION "\${_quire_prefix}/lib/${SHARED_NAME}"
    INTERFACE_INCLUDE_DIRECTORIES "\${_quire_prefix}/include")
  add_library(Quire::quire_static STATIC IMPORTED)
  set_target_properties(Quire::quire_static PROPERTIES
    IMPORTED_LOCATION "\${_quire_prefix}/lib/libquire.a"
    INTERFACE_INCLUDE_DIRECTORIES "\${_quire_prefix}/include"
    INTERFACE_LINK_LIBRARIES "${SYSTEM.replaceAll(' ', ';')}")
endif()
unset(_quire_prefix)
`

const [MAJOR, MINOR] = VERSION.split('.')
const CMAKE_VERSION = `set(PACKAGE_VERSION "${VERSION}")
# Before 1.0 a minor release may change calls; from then on a major one.
if(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION OR NOT PACKAGE_FIND_VERSION_MAJOR EQUAL ${MAJOR}
    OR (${MAJOR} EQUAL 0 AND NOT PACKAGE_FIND_VERSION_MINOR EQUAL ${MINOR}))
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
`

const { prefix } = parseArgs({ options: { prefix: { type: 'string' } } }).values
if (prefix === undefined || prefix === '') {
  console.error('Say where to install: npm run install:capi -- --prefix DIR')
  process.exit(1)
}
if (!existsSync(LIBRARY)) {
  console.error('There is no library yet: run "npm run build:capi" first.')
  process.exit(1)
}
for (const folder of ['include', 'lib/pkgconfig', 'lib/cmake/Quire'])
  mkdirSync(`${prefix}/${folder}`, { recursive: true })
cpSync(HEADERS, `${prefix}/include`, { recursive: true })
for (const name of readdirSync(LIBRARY)) {
  cpSync(`${LIBRARY}/${name}`, `${prefix}/lib/${name}`, { verbatimSymlinks: true, force: true })
}
writeFileSync(`${prefix}/lib/pkgconfig/quire.pc`, PKG_CONFIG)
writeFileSync(`${prefix}/lib/cmake/Quire/QuireConfig.cmake`, CMAKE_CONFIG)
writeFileSync(`${prefix}/lib/cmake/Quire/QuireConfigVersion.cmake`, CMAKE_VERSION)
