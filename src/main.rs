//! The `ensue` program: everything it does is in the library.

fn main() -> std::process::ExitCode {
    ensue::cli::main()
}
