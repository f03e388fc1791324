//! Runs slam16 and its peers side by side and writes a raw log and a table.

mod contestants;
mod datasets;
mod machine;
mod options;
mod process;
mod record;
mod referee;
mod session;
mod table;

use std::path::Path;
use std::process::ExitCode;

use slam16_peers::files::Result;

const USAGE: &str = "\
peers run [OPTIONS]           run the comparison
  --datasets A,B              only these data sets
  --only WORD,WORD            only contestants whose name contains one of the words
  --quick                     leave out combinations known to be slow or far from the best
  --repetitions N             runs of each combination (5; 3 if one takes over 5 s, 1 if over 30 s)
  --threads 1,2               thread counts
  --timeout SECONDS           limit of one run (300)
  --data DIR                  data (SLAM16_DATA, else shared/data beside the repository)
  --out DIR                   where log and table go (.local/results)
  --slam16 PATH               slam16's binary (target/release/slam16 of the repository)
  --slam16-arguments \"...\"    further arguments for every slam16 run
  --without-slam16            the peers alone
peers table LOG.jsonl         print the table of a log
peers score PROBLEM ESTIMATE  print the referee's cost of an estimate
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome: Result<()> = match words.as_slice() {
        ["run", rest @ ..] => options::parse(rest).and_then(|o| session::run(&o)),
        ["table", log] => record::read(Path::new(log)).map(|(header, runs)| {
            print!("{}", table::render(&header, &runs));
        }),
        ["score", problem, estimate] => referee::score(Path::new(problem), Path::new(estimate))
            .map(|cost| {
                println!("{cost:?}");
            }),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
