"""Words by which names are told from what only looks like one.

Enters: nothing. Leaves: sets of words in lower case, made for this project, and patterns of
what stands beside a name. Dictionaries of names and places are not here, see `vocabulary`.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EPONYMS = _words(
    "adson addison alzheimer apgar apley argyll asperger babinski bankart barlow barrett barthel "
    "bartholin bartter basedow bell bennett berger bishop boerhaave bouchard bowen braden broca "
    "brodie brudzinski brugada buerger burkitt cabot castleman chagas charcot chiari chvostek "
    "cobb colles cooley cooper coombs courvoisier crohn cullen cushing dequervain doppler down "
    "downs dressler duchenne dupuytren edwards ehlers danlos epley epstein ewing fabry fallot "
    "felty finkelstein foley fontan fowler framingham freiberg gaucher gilbert glasgow gleason "
    "goodpasture gram graves guillain barre hashimoto heberden heimlich henoch schonlein hess "
    "hickman hirschsprung hodgkin hoffman hoffmann holter homan homans horner hounsfield howship "
    "huntington hutchinson ishihara jackson pratt kaposi kawasaki kegel kerley kernig killian "
    "klinefelter kocher korsakoff krukenberg kussmaul lachman laennec lasegue legionella levine "
    "lewy lhermitte likert lisfranc lou gehrig ludwig lyme mallory weiss marfan mcburney mcmurray "
    "meckel meniere merkel mobitz moro morton munchausen murphy ollier osler paget pancoast "
    "papanicolaou parkinson pavlik penrose perthes peyronie phalen pott prinzmetal purkinje "
    "quincke raynaud reed sternberg reiter rett reye richter rinne romberg rorschach roux ruffini "
    "salter harris schatzki schilling schwann seldinger sengstaken sheehan shiley sims sjogren "
    "snellen spurling stevens johnson stokes swan ganz takayasu tay sachs tietze tinel tinetti "
    "todd tourette trendelenburg trousseau turner valsalva vater virchow von willebrand waldeyer "
    "wallenberg weber wegener wells wernicke whipple willis wilms wilson wolff parkinson white "
    "yankauer zenker zollinger ellison"
)
"""People whose name is now that of a sign, disease, device, score or manoeuvre."""
HEADS = (
    r"(?:'?s)?[\s-]+(?:(?:and|\w+)[\s-]+){0,1}?(?:disease|syndrome|sign|signs|test|catheter|line|"
    r"scale|score|nodes?|criteria|phenomenon|palsy|fracture|lymphoma|sarcoma|tumou?r|tetralogy|"
    r"position|man(?:eu|oeu)v(?:er|re)|procedure|operation|hernia|reflex|stain|monitor|disorder|"
    r"chorea|dementia|esophagus|oesophagus|contracture|classification|grade|tube|drain|drains|"
    r"block|lines|bodies|body|triad|index|stage|sinus|gland|duct|diverticulum|ulcer|virus|"
    r"thyroiditis|purpura|arthritis|fibers|fibres|coma|anaemia|anemia|angle|angina|rule|law|"
    r"clamp|forceps|retractor|pump|pack|bag|brace|cast|splint|units?|wave|study|trial|murmur|"
    r"gangrene|cells?|corpuscles?|island|capsule|ligament|fascia|pouch|space|tendon|canal|loop|"
    r"circle|aphasia|encephalopathy|ataxia|neuroma|deformity|lesion|repair|transplant|bypass|"
    r"anastomosis|incision|flap|graft|prosthesis|exercises?|inventory|questionnaire)\b"
)
"""What follows a name that is an eponym."""
DRUG_ENDS = (
    "mab", "nib", "pril", "olol", "sartan", "statin", "azole", "cillin", "mycin", "micin",
    "floxacin", "cycline", "azepam", "azolam", "idine", "tidine", "prazole", "parin", "triptan",
    "dronate", "gliptin", "gliflozin", "glutide", "oxetine", "barbital", "caine", "curium",
    "dipine", "lukast", "profen", "setron", "sone", "solone", "thiazide", "vir", "zepam",
    "zosin", "emide", "formin", "idone", "apine", "iprazole", "oxine", "amide", "zide",
    "platin", "rubicin", "taxel", "xaban", "grel", "plase", "codone", "morphone", "fentanil",
    "phylline", "terol", "tropium",
)  # fmt: skip
DRUGS = _words(
    "abilify adderall advair advil albuterol aleve allegra amaryl ambien anaprox ancef aricept "
    "aspirin ativan atrovent augmentin avastin bactrim benadryl botox bumex buspar bystolic "
    "calcitonin carafate cardizem catapres celebrex celexa cellcept cialis cipro claritin "
    "cogentin colace combivent compazine concerta copaxone coreg coumadin cozaar crestor cymbalta "
    "decadron demerol depakote detrol diflucan dilantin dilaudid diovan ditropan dulcolax "
    "duragesic effexor elavil eliquis enbrel ensure epipen epogen flagyl flexeril flomax flonase "
    "flovent fosamax geodon gleevec glucophage glucotrol haldol heparin herceptin humalog humira "
    "hytrin imdur imitrex imodium inderal insulin isordil januvia keflex keppra klonopin lamictal "
    "lanoxin lantus lasix levaquin levemir levothyroxine lexapro lipitor lithium loestrin lomotil "
    "lopressor lortab losartan lovenox lunesta lyrica macrobid maalox marcaine medrol metamucil "
    "metformin methotrexate micronase mirapex miralax mobic morphine motrin mucinex namenda "
    "naprosyn nasonex neurontin nexium niaspan norco normodyne norvasc novolog opana oxycodone "
    "oxycontin pamelor paxil pepcid percocet phenergan plaquenil plavix pradaxa pravachol "
    "prednisone prevacid prilosec procardia prograf propofol protonix proventil prozac pulmicort "
    "qvar ranexa reglan remeron requip restasis restoril rifampin risperdal ritalin robaxin "
    "robitussin rocephin roxicodone seroquel sertraline sinemet singulair skelaxin soma spiriva "
    "strattera suboxone symbicort synthroid tamiflu taxol tegretol tenormin topamax toprol "
    "toradol trazodone tricor tylenol ultram unasyn valium valtrex vancomycin vasotec ventolin "
    "versed viagra vicodin vitamin voltaren vytorin warfarin wellbutrin xanax xarelto zantac "
    "zestril zetia zithromax zocor zofran zoloft zosyn zovirax zyprexa zyrtec"
)
ORDINARY = _words(
    "a able about above abuse account ache active acute additional address admission admit after "
    "again against age airway alcohol alert all allergic allergies allergy almost also am "
    "ambulatory amber an and answer any apex apr april are arm art as ask assessment at attending "
    "august autumn available away baby back bank base bay be beach bear because bed been before "
    "began being bell below best better between bill billing birth bishop black blood blue bold "
    "book both bowel boy brain breast brief bright bring brother brown buck burn but by calcium "
    "call can card cardiac care carry case celebrating centre center chair chance chase check "
    "chest chief child christian church city clay clear clinic clinical close clot coast cold "
    "come complete condition consult contact continue control cook copy cough could course court "
    "credit crystal daily dad dale date daughter dawn day days deal dear december delivery denied "
    "denies dental department describe desk diagnosis did diet dilation discharge discuss do "
    "doctor does dose drug due during each ear early east easter edge eight either emergency end "
    "energetic english entrance episode even evening ever every exam examination eye faith family "
    "fax february feel felt female fever few field file film final find findings fine first five "
    "flow follow followup food for ford forest forget found four free friday friend from full gay "
    "general get girl give given go god going gold good grace grant gray great green grey grow "
    "had hand happy hard has have he head health hear heart heath heaven help hemoglobin her here "
    "hi high hill him his history holly home hope hospital house how hunter husband i ill illness "
    "image impression in increase indication infant initial injury instead internal international "
    "is it its ivy january job joy july june just justice keep kid kidney kind king knee know lab "
    "laboratory lake lane large last late lateral laurel law lead left leg let lid life light "
    "like lily line list little live liver local long look lot love low lower lung mail major "
    "make male man manager many march mark may me meal medical medication medications medicine "
    "member mild mile miles mill miss mission mom monday month more morning most mother mr mrs ms "
    "much my name nausea near neck need negative never new next nice night nine no none noon "
    "normal north not note notes november now nurse ocean october of off office old olive on once "
    "one only open or order other our out over page pain park part partner past patient patients "
    "peace pearl pen people per person phone physical physician place plan please point port "
    "position positive post power premier present pressure price prior problem procedure producer "
    "progress property provider pulse queen question rate ray read reading real reason recent "
    "record red reed referral regular related repeat report request rest result results return "
    "review rice rich right ring river robin rock room rose routine ruby run sage said sandy "
    "saturday say scan school season see seen self send september service seven sex sharp she "
    "shore short should show shown side sign signed since single sir sister site six skin sky "
    "small smoke social some son song soon sound source south speak spring star stable stage "
    "start state statement status steel still stomach stone stop storm street strong study "
    "subjective such summary summer sunday surgery surgical symptoms take talk tell temple "
    "temporary ten test than thank thanks that the their them then there these they think third "
    "this those three through thursday time title to today told tomorrow too total touch town "
    "treatment trial true try tuesday two ultrasound under unit university until up upper urgent "
    "urine us use user van very view violet visit vital vitals voice wait walk wall want ward "
    "warm was water way we web wednesday week weeks weight well went were west what when where "
    "which while white who why wide wife will winter with within without woman wood word work "
    "world would wound x xray year years yellow yes yesterday yet you young your zip ankle "
    "appetite asthma bilateral biopsy bladder bone cancer cholesterol colon culture depression "
    "diabetes edema effusion elbow electrolytes esophagus extremities fracture gallbladder gait "
    "glucose heent hypertension infection insurance labs lesion lipid lymph mass mental migraine "
    "mouth murmur muscle nasal neurologic neurological nose objective obese oral oxygen pelvis "
    "percussion platelet pneumonia potassium pregnancy prostate psych psychiatric pulmonary "
    "pupils rash rectal renal respiratory rhythm risk sclera seizure sensation shoulder sinus "
    "sleep sodium spine spleen stool stroke swelling temperature thorax throat thyroid tobacco "
    "tone tongue trachea transfer trauma tumor ulcer uterus vaginal valve vascular vein vision "
    "vomiting wbc wrist bp hr rr temp o2 sat ekg ecg mri ct icu er ed gi gu iv po bid tid qid prn "
    "npo dnr cpr copd chf cad mi dvt pe uti uri bmi cbc bun inr ptt tsh psa hiv rn md lpn pa np "
    "do dds phd phrn chol american english war labor customer company bot email website "
    "application version novel film action comedy band album group team building corner orchestra "
    "leader government article treaty union dimension dimensions shadow wire nope nah yeah yep "
    "sure absolutely terrible sounds basically oh doc motorcycle guest bye sir mister madam maam "
    "childhood occasional retired unremarkable reproductive illicit wrote beers drinking "
    "psychological osteopathic supple fair married single divorced widowed detox hobbies "
    "surgeries injuries illnesses ears dependents tab tabs foster hall gravida para drugs sisters "
    "brothers aunt uncle secretary bachelor latin apart facility correctional cream lotion "
    "information info princess prince royal awarded unfolded contours primordial gyn ob obgyn "
    "hematologic endocrine genitourinary gastrointestinal musculoskeletal integumentary "
    "constitutional cardiovascular allergens immunizations vaccinations habits occupation "
    "employment mr marital education lives living denied admits admitted discharged presents "
    "presented complains noted noticed started stopped prescribed given underwent scheduled "
    "advised instructed encouraged educated counseled explained discussed understands agrees "
    "verbalized medically previously currently recently presently apparently approximately "
    "additionally unfortunately fortunately however therefore otherwise although because since "
    "despite regarding including following during prior overall essentially certainly probably "
    "possibly likely yesterday electronically dictated transcribed prepared reviewed requested "
    "resident intern sincerely regards respectfully dr mild moderate severe unchanged stable "
    "hello hey ok okay dont cannot isnt arent mobile cell pager telephone e-mail sr jr section "
    "subject re cc via bcc number"
)
"""Words that begin a sentence or a heading far more often than they name somebody."""
SPOKEN = _words(
    "i'm i've i'd i'll we're we've we'll they're you're you've you'll he's she's it's that's "
    "there's here's let's don't didn't doesn't isn't aren't wasn't weren't can't couldn't won't "
    "wouldn't shouldn't haven't hasn't hadn't what's who's where's how's c'mon i’m it’s don’t"
)
PARTICLES = _words(
    "van de der den het von vom zu zur la le du des del della di da dos das do al el bin ibn ben "
    "abu st ter ten af av y e mac mc o"
)
"""They stand inside a name in small letters."""
DEMONYMS = _words(
    "afghan albanian algerian american angolan arab argentine argentinian armenian asian "
    "australian austrian azerbaijani bahraini bangladeshi belarusian belgian belizean bolivian "
    "bosnian brazilian british bruneian bulgarian burmese cambodian cameroonian canadian chechen "
    "chilean chinese colombian congolese croatian cuban cypriot czech danish dane dominican dutch "
    "ecuadorean ecuadorian egyptian english eritrean estonian ethiopian european fijian filipino "
    "finnish french georgian german ghanaian greek greenlander greenlandic guatemalan guyanese "
    "haitian hispanic honduran hungarian icelandic icelander indian indonesian iranian iraqi "
    "irish israeli italian jamaican japanese jewish jordanian kazakh kenyan korean kosovar "
    "kurdish kuwaiti kyrgyz laotian latino latina latvian lebanese liberian libyan lithuanian "
    "luxembourgish macedonian malagasy malawian malaysian maltese mauritanian mexican moldovan "
    "mongolian moroccan mozambican muslim namibian nepalese nepali nicaraguan nigerian norwegian "
    "omani pakistani palestinian panamanian paraguayan persian peruvian polish portuguese qatari "
    "romanian russian rwandan salvadoran saudi scottish senegalese serb serbian shia shii sikh "
    "sunni slovak slovakian slovene slovenian somali spanish sudanese surinamese swede swedish "
    "swiss syrian taiwanese tajik tanzanian thai tibetan tunisian turk turkish turkmen ugandan "
    "ukrainian uruguayan uzbek venezuelan vietnamese welsh yemeni zambian zimbabwean christian "
    "hindu catholic protestant buddhist orthodox mormon caucasian african"
)
MEDICAL_ENDS = (
    "ectomy", "itis", "osis", "emia", "aemia", "oma", "omas", "pathy", "algia", "plasty", "scopy",
    "graphy", "ology", "ostomy", "otomy", "uria", "pnea", "pnoea", "plegia", "phasia", "trophy",
    "megaly", "rrhea", "rrhoea", "ectasis", "desis", "lysis", "centesis", "stenosis", "sclerosis",
    "coccus", "bacter", "bacillus", "ology", "iatric", "iatry", "ologist", "esophageal", "cardia",
)  # fmt: skip
"""Of words of medicine; rarely of names."""
ACRONYM = 5
"""Capitals up to so many letters are rather an abbreviation than a name."""
