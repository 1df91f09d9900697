//! Names for made-up companies: an invented place and a trade.

#[rustfmt::skip]
const PLACES: [&str; 32] = [
    "Amberquill", "Brackenfold", "Cinderwick", "Dunmarrow", "Eldergrove", "Fennimoor", "Glasswater", "Harrowmere",
    "Inkwell Bay", "Juniper Spur", "Kestrelby", "Lanternfield", "Mossgate", "Nettlecombe", "Oakenshaw Rise",
    "Pebblewick", "Quarrystone", "Rushlight", "Saltmarsh End", "Thistledown", "Umberleigh Top", "Vellumford",
    "Willowsend", "Yarrowdale", "Zephyr Point", "Copperbeck", "Driftholme", "Emberlyn", "Foxglove Row", "Gristmill",
    "Hollowtree", "Larkrise Hill",
];

#[rustfmt::skip]
const TRADES: [&str; 31] = [
    "Accounting", "Architects", "Bakery", "Boat Works", "Brewing", "Builders", "Cabinets", "Ceramics", "Clinic",
    "Consulting", "Dairy", "Dental", "Electrical", "Engineering", "Farm Supply", "Freight", "Furniture", "Garden Centre",
    "Glazing", "Hotel", "Insurance Brokers", "Joinery", "Law Office", "Logistics", "Optics", "Plumbing", "Printing",
    "School", "Surveyors", "Textiles", "Veterinary",
];

/// How many names there are before they need a number.
pub(super) const COUNT: usize = PLACES.len() * TRADES.len();

/// The `n`-th name; no two are the same. Neighbours differ in both words, since the two counts have no common factor.
pub(super) fn company(n: usize) -> String {
    let name = format!("{} {}", PLACES[n % PLACES.len()], TRADES[n % TRADES.len()]);
    match n / COUNT {
        0 => name,
        again => format!("{name} {}", again + 1),
    }
}
