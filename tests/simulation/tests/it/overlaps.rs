//! Lines that end inside the month, and lines on a company's other agreements: none of the days that they bill is billed by
//! a new line, unless a person wants both.

use simulation::live;
use usage_sync::policy::Policy;

#[test]
fn where_lines_overlap_no_day_is_billed_twice_but_what_people_want_billed_on_two_agreements() {
    let mut on_purpose = 0;
    for seed in 0..300 {
        let lived = live(seed, Policy::guarded(), false).unwrap();
        assert!(lived.wrongs.is_empty(), "seed {seed}: {:#?}", lived.wrongs);
        on_purpose += lived.on_purpose;
    }
    assert!(on_purpose > 0, "the invoices of no schedule show a day that is billed twice: they cannot be looked at");
}
