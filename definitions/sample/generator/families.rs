//! What a cargo bike is made of, and what a works needs besides: families of items, one a line.

/// Code, category, name, variants, unit, price of one in EUR, needed a week (of the first variant), market, packs,
/// `s` if the service in Leipzig keeps it too.
pub(crate) const FAMILIES: &str = "
FRM | frame      | Frame {}                          | Long 20/26;Long 24/26;Trike 20/24;Mini 20/20;Kargo XL | pcs | 268.00 | 9 | frame | | 
FRK | frame      | Fork {}                           | 20 in steel;20 in suspension;24 in steel;26 in suspension | pcs | 64.00 | 10 | frame | | s
RCK | frame      | Rear rack {}                      | 26 in black;24 in black;26 in child seat;front 20 in | pcs | 31.50 | 8 | frame | box:4 | 
STD | frame      | Centre stand {}                   | double;wide;trike lock | pcs | 22.40 | 12 | frame | box:6 | s
LNK | frame      | Steering linkage {}               | rod 780 mm;rod 920 mm;joint M10;damper | pcs | 14.80 | 9 | frame | box:10 | s
TUB | raw        | Steel tube 25CrMo4 {}             | 28.6x0.9;31.8x0.9;34.9x1.0;38.0x1.2;44.5x1.5;25.4x1.0 | m | 7.90 | 46 | metal | bundle:36 | 
PRF | raw        | Aluminium profile {}              | 20x20;30x30;40x20;U 25;L 30x15 | m | 5.40 | 38 | metal | bundle:30 | 
SHT | raw        | Sheet steel DC01 {}               | 1.0 mm;1.5 mm;2.0 mm;3.0 mm | kg | 1.95 | 60 | metal | pallet:500 | 
PLT | raw        | Cut plate {}                      | dropout left;dropout right;gusset;head plate;stand plate;hinge | pcs | 3.60 | 24 | metal | box:50 | 
WIR | raw        | Welding wire {}                   | 0.8 mm SG2;1.0 mm SG2;1.0 mm AlMg5 | kg | 4.30 | 11 | metal | spool:15 | 
DRV | drive      | Drive unit {}                     | 85 Nm cargo;75 Nm;65 Nm hub;90 Nm trike | pcs | 412.00 | 12 | drive | | 
BAT | drive      | Battery {}                        | 500 Wh;725 Wh;1000 Wh;dual 2x500 Wh | pcs | 318.00 | 11 | drive | | s
DSP | drive      | Display {}                        | small;large;fleet with lock | pcs | 58.00 | 11 | drive | | s
CHG | drive      | Charger {}                        | 2 A;4 A;6 A fleet | pcs | 44.00 | 10 | drive | | s
SNS | drive      | Speed sensor {}                   | spoke magnet;rim magnet;disc | pcs | 11.20 | 10 | drive | box:20 | s
CHN | gear       | Chain {}                          | 9 speed 136;10 speed 136;11 speed 144;hub gear 136 | pcs | 11.90 | 10 | gear | box:25 | s
CST | gear       | Cassette {}                       | 9 speed 11-36;10 speed 11-42;11 speed 11-46 | pcs | 24.50 | 7 | gear | | s
HUB | gear       | Gear hub {}                       | 5 speed;8 speed;stepless | pcs | 118.00 | 6 | gear | | 
SHF | gear       | Shifter {}                        | 9 speed;10 speed;twist stepless;5 speed | pcs | 17.30 | 8 | gear | box:10 | s
DRL | gear       | Derailleur {}                     | 9 speed;10 speed;11 speed | pcs | 33.00 | 6 | gear | | s
CRK | gear       | Crank {}                          | 165 mm;170 mm;175 mm;165 mm short Q | pair | 21.00 | 9 | gear | box:8 | 
CRG | gear       | Chainring {}                      | 38 teeth;42 teeth;44 teeth;belt 50 teeth | pcs | 12.60 | 7 | gear | box:10 | s
BRK | brake      | Disc brake {}                     | front 4 piston;rear 4 piston;rear long hose;parking lever | pcs | 39.00 | 11 | brake | | 
DSC | brake      | Brake disc {}                     | 180 mm;203 mm;220 mm;203 mm magnet | pcs | 9.80 | 17 | brake | box:20 | s
PAD | brake      | Brake pads {}                     | organic;sintered;e-bike;trike | pair | 4.70 | 34 | brake | box:25 | s
HOS | brake      | Brake hose {}                     | black;long braided | m | 2.10 | 44 | brake | roll:30 | 
FLD | brake      | Brake fluid {}                    | mineral oil;DOT 5.1 | l | 9.40 | 3 | brake lube | can:5 | s
RIM | wheel      | Rim {}                            | 20 in 36 hole;24 in 36 hole;26 in 36 hole;20 in double | pcs | 18.20 | 14 | wheel | box:10 | 
SPK | wheel      | Spoke {}                          | 184 mm;198 mm;224 mm;246 mm;262 mm | pcs | 0.11 | 520 | wheel | box:144 | s
NPL | wheel      | Nipple {}                         | brass 12 mm;brass 14 mm;alu 14 mm | pcs | 0.05 | 760 | wheel | bag:500 | s
FHB | wheel      | Front hub {}                      | disc 15 mm;dynamo 15 mm;trike left;trike right | pcs | 27.00 | 9 | wheel | | 
WHL | wheel      | Wheel ready built {}              | front 20 in;rear 26 in hub gear;trike 20 in | pcs | 74.00 | 3 | wheel | | s
TYR | wheel      | Tyre {}                           | 20x2.15;20x2.60;24x2.35;26x2.15;26x2.35 winter | pcs | 15.40 | 16 | tyre | box:20 | s
TBE | wheel      | Inner tube {}                     | 20 in;24 in;26 in;26 in valve long | pcs | 2.60 | 22 | tyre | box:50 | s
RTP | wheel      | Rim tape {}                       | 22 mm;28 mm | m | 0.35 | 62 | tyre | roll:100 | 
SDL | contact    | Saddle {}                         | comfort;sport;wide gel;kids bench | pcs | 16.90 | 9 | contact | box:10 | s
GRP | contact    | Grips {}                          | round;wing;short for twist | pair | 5.80 | 13 | contact | box:20 | s
PDL | contact    | Pedals {}                         | flat;rubber;folding | pair | 8.90 | 11 | contact | box:15 | s
HDL | contact    | Handlebar {}                      | 640 mm;700 mm;680 mm swept | pcs | 13.20 | 9 | contact | box:10 | 
SPO | contact    | Seat post {}                      | 30.9 mm 400;31.6 mm 400;31.6 mm suspension;dropper | pcs | 14.60 | 9 | contact | box:10 | s
BLL | contact    | Bell {}                           | brass;black;loud cargo | pcs | 3.10 | 13 | contact | box:24 | s
BOX | cargo      | Cargo box {}                      | birch 80;birch 95;EPP black;lockable steel;flatbed | pcs | 142.00 | 7 | cargo | | 
BNC | cargo      | Child bench {}                    | two seats;two seats padded;toddler insert | pcs | 38.00 | 7 | cargo | | 
BLT | cargo      | Seat belt {}                      | three point;five point;buckle | pcs | 9.60 | 15 | textile | box:20 | s
CVR | cargo      | Rain cover {}                     | box 80;box 95;trike;bench only | pcs | 66.00 | 6 | textile | | s
TRP | cargo      | Tarpaulin {}                      | black;sand;signal | m | 6.80 | 14 | textile | roll:50 | 
PLY | raw        | Birch plywood {}                  | 9 mm;12 mm;15 mm | pcs | 46.00 | 6 | cargo | pallet:30 | 
LGT | electric   | Headlight {}                      | 60 lux;100 lux;150 lux high beam | pcs | 21.50 | 10 | light | box:10 | s
RLT | electric   | Rear light {}                     | rack;rack brake light;seat post | pcs | 9.20 | 10 | light | box:20 | s
CBL | electric   | Cable {}                          | light 2x0.5;drive 4 pole;bowden 4 mm;bowden 5 mm;charge 2x1.5 | m | 0.92 | 70 | electric | roll:100 | s
PLG | electric   | Connector {}                      | 2 pole male;2 pole female;4 pole male;4 pole female;cap | pcs | 0.48 | 96 | electric | bag:100 | 
TRK | electric   | GPS tracker {}                    | fleet;private;SIM card | pcs | 34.00 | 4 | electric | | s
TIE | electric   | Cable tie {}                      | 100 mm;200 mm;300 mm releasable | pcs | 0.03 | 900 | electric | bag:1000 | s
SCR | fastener   | Screw {}                          | M4x12;M5x16;M5x20;M6x20;M6x30;M8x25;M8x40;M10x50 | pcs | 0.06 | 640 | screw | box:200 | 
NUT | fastener   | Lock nut {}                       | M4;M5;M6;M8;M10 | pcs | 0.04 | 600 | screw | box:500 | 
WSH | fastener   | Washer {}                         | M4;M5;M6;M8;M10 | pcs | 0.02 | 820 | screw | box:1000 | 
RVT | fastener   | Rivet {}                          | 4x8;4x12;5x12 alu;blind nut M5;blind nut M6 | pcs | 0.07 | 300 | screw | box:250 | 
BRG | fastener   | Bearing {}                        | 6001 2RS;6002 2RS;6902 2RS;headset 44 mm | pcs | 2.90 | 26 | screw | box:10 | s
PWD | paint      | Powder coating {}                 | RAL 9005 black;RAL 7016 grey;RAL 5014 blue;RAL 6011 green;RAL 3003 red;RAL 1013 cream | kg | 8.70 | 24 | paint | carton:20 | 
PRM | paint      | Primer {}                         | zinc;epoxy | kg | 7.20 | 16 | paint | drum:25 | 
SLV | paint      | Solvent {}                        | cleaner;thinner | l | 3.40 | 14 | paint | drum:60 | 
GRS | consumable | Grease {}                         | bearing;assembly | kg | 11.80 | 3 | lube | pail:5 | s
PST | consumable | Carbon assembly paste {}          | fine;coarse | g | 0.0315 | 420 | lube | lb | 
OIL | consumable | Chain oil {}                      | dry;wet | l | 12.50 | 4 | lube | can:5 | s
ADH | consumable | Threadlock {}                     | medium;strong | ml | 0.24 | 260 | lube | bottle:250 | s
CTN | packaging  | Bike carton {}                    | long;trike;mini;frame only | pcs | 11.40 | 8 | pack | pallet:60 | 
BXS | packaging  | Shipping box {}                   | S;M;L;battery UN3480 | pcs | 0.86 | 70 | pack | bundle:25 | s
FLM | packaging  | Film {}                           | stretch 500 mm;bubble 1 m | m | 0.16 | 420 | pack | roll:300 | 
TAP | packaging  | Packing tape {}                   | brown;printed;fragile | pcs | 1.75 | 26 | pack | carton:36 | s
LBL | packaging  | Label {}                          | 100x150;frame number;CE plate;battery hazard | pcs | 0.04 | 210 | pack | roll:500 | 
PAL | packaging  | Pallet {}                         | euro;long 1800 | pcs | 13.50 | 12 | pack | | 
DSK | mro        | Grinding disc {}                  | 125 mm;180 mm;flap 60;flap 120 | pcs | 1.95 | 22 | mro | box:25 | 
DRB | mro        | Drill {}                          | 4.2 mm;5.0 mm;6.8 mm;8.5 mm;set | pcs | 3.30 | 6 | mro | box:10 | 
NZL | mro        | Torch nozzle {}                   | gas;contact tip 1.0;diffuser | pcs | 2.20 | 9 | mro | box:10 | 
FLT | mro        | Filter {}                         | spray booth;extraction;compressor | pcs | 18.00 | 2 | mro | | 
LMP | mro        | Machine spare {}                  | belt 1420;limit switch;hydraulic seal;lamp | pcs | 27.00 | 1 | mro | | 
GLV | safety     | Gloves {}                         | assembly 8;assembly 9;assembly 10;welding | pair | 2.40 | 18 | safety | box:12 | s
PPE | safety     | Safety {}                         | glasses clear;ear plugs;mask FFP2;welding visor | pcs | 1.60 | 22 | safety | box:20 | 
FRT | safety     | First aid {}                      | plaster box;eye wash;burn gel | pcs | 7.40 | 1 | safety | | 
PAP | office     | Copy paper {}                     | A4 80 g;A4 coloured;A3 80 g | pcs | 3.90 | 7 | office | carton:5 | s
PEN | office     | Office supply {}                  | pen blue;marker;folder;stapler clips;note pad;ruler | pcs | 0.95 | 11 | office | box:10 | 
TNR | office     | Toner {}                          | black;colour | pcs | 62.00 | 1 | office | | 
";
