// Where each type of resource says when it is of, who wrote it, what it is part of, and what it is: R4's elements, types of
// the patient compartment. Shown in spec/consent.md, "Elements of resources"; tests check it against the R4 definitions.

export interface ResourceElements {
  /** Clinical time: the first that is there. */
  readonly when: readonly string[]
  /** Whoever answers for the content: all of them. */
  readonly authors: readonly string[]
  /** Encounters, care plans and episodes of care that it belongs to. */
  readonly related: readonly string[]
  /** Its own code. */
  readonly codes: readonly string[]
}

/** Element names, separated by spaces. `x[x]` is every type that R4 allows there. */
function of(when: string, authors: string, related: string, codes: string): ResourceElements {
  const names = (text: string): string[] => text.split(' ').filter((name) => name !== '')
  return { when: names(when), authors: names(authors), related: names(related), codes: names(codes) }
}

export const RESOURCE_ELEMENTS: Readonly<Record<string, ResourceElements>> = {
  Account: of('servicePeriod', '', '', 'type'),
  AdverseEvent: of('date detected recordedDate', 'recorder contributor', 'encounter', 'event'),
  AllergyIntolerance: of('onset[x] recordedDate', 'recorder asserter', 'encounter', 'code'),
  Appointment: of('start', '', '', 'serviceType'),
  AppointmentResponse: of('start', 'actor', '', ''),
  Basic: of('created', 'author', '', 'code'),
  BodyStructure: of('', '', '', 'location'),
  CarePlan: of('period created', 'author contributor', 'encounter basedOn partOf replaces', 'category'),
  CareTeam: of('period', '', 'encounter', 'category'),
  ChargeItem: of('occurrence[x] enteredDate', 'enterer performer.actor', 'context', 'code'),
  Claim: of('billablePeriod created', 'enterer provider', 'item.encounter', 'type'),
  ClaimResponse: of('created', 'requestor', '', 'type'),
  ClinicalImpression: of('effective[x] date', 'assessor', 'encounter', 'code'),
  Communication: of('sent received', 'sender', 'encounter basedOn partOf about', 'category'),
  CommunicationRequest: of('occurrence[x] authoredOn', 'requester sender', 'encounter basedOn about', 'category'),
  Composition: of('date', 'author', 'encounter', 'type'),
  Condition: of('onset[x] recordedDate', 'recorder asserter', 'encounter', 'code'),
  Coverage: of('period', '', '', 'type'),
  CoverageEligibilityRequest: of('serviced[x] created', 'enterer provider', '', ''),
  CoverageEligibilityResponse: of('serviced[x] created', 'requestor', '', ''),
  DetectedIssue: of('identified[x]', 'author', '', 'code'),
  DeviceRequest: of('occurrence[x] authoredOn', 'requester', 'encounter basedOn', 'codeCodeableConcept'),
  DeviceUseStatement: of('timing[x] recordedOn', 'source', 'basedOn', ''),
  DiagnosticReport: of('effective[x] issued', 'performer resultsInterpreter', 'encounter basedOn', 'code'),
  DocumentManifest: of('created', 'author', 'related.ref', 'type'),
  DocumentReference: of('context.period date', 'author authenticator', 'context.encounter context.related', 'type'),
  Encounter: of('period', 'participant.individual', 'episodeOfCare partOf', 'type'),
  EnrollmentRequest: of('created', 'provider', '', ''),
  EpisodeOfCare: of('period', 'careManager', '', 'type'),
  ExplanationOfBenefit: of('billablePeriod created', 'enterer provider', 'item.encounter', 'type'),
  FamilyMemberHistory: of('date', '', '', 'condition.code'),
  Flag: of('period', 'author', 'encounter', 'code'),
  Goal: of('start[x] statusDate', 'expressedBy', '', 'description'),
  ImagingStudy: of('started', 'interpreter series.performer.actor', 'encounter basedOn', 'procedureCode'),
  Immunization: of('occurrence[x] recorded', 'performer.actor', 'encounter', 'vaccineCode'),
  ImmunizationEvaluation: of('date', 'authority', '', 'targetDisease'),
  ImmunizationRecommendation: of('date', 'authority', '', ''),
  Invoice: of('date', 'issuer participant.actor', '', 'type'),
  List: of('date', 'source', 'encounter', 'code'),
  MeasureReport: of('period date', 'reporter', '', ''),
  Media: of('created[x] issued', 'operator', 'encounter basedOn partOf', 'type'),
  MedicationAdministration: of('effective[x]', 'performer.actor', 'context', 'medicationCodeableConcept'),
  MedicationDispense: of('whenHandedOver whenPrepared', 'performer.actor', 'context', 'medicationCodeableConcept'),
  MedicationRequest: of('authoredOn', 'requester recorder', 'encounter basedOn', 'medicationCodeableConcept'),
  MedicationStatement: of(
    'effective[x] dateAsserted',
    'informationSource',
    'context basedOn',
    'medicationCodeableConcept',
  ),
  MolecularSequence: of('', 'performer', '', ''),
  NutritionOrder: of('dateTime', 'orderer', 'encounter', ''),
  Observation: of('effective[x] issued', 'performer device', 'encounter basedOn partOf', 'code'),
  Patient: of('', '', '', ''),
  Person: of('', '', '', ''),
  Procedure: of('performed[x]', 'performer.actor recorder asserter', 'encounter basedOn', 'code'),
  Provenance: of('occurred[x] recorded', 'agent.who', 'target', 'activity'),
  QuestionnaireResponse: of('authored', 'author source', 'encounter basedOn', ''),
  RelatedPerson: of('period', '', '', 'relationship'),
  RequestGroup: of('authoredOn', 'author', 'encounter basedOn', 'code'),
  ResearchSubject: of('period', '', '', ''),
  RiskAssessment: of('occurrence[x]', 'performer', 'encounter basedOn', 'code'),
  ServiceRequest: of('occurrence[x] authoredOn', 'requester', 'encounter basedOn', 'code'),
  Specimen: of('collection.collected[x] receivedTime', 'collection.collector', '', 'type'),
  SupplyDelivery: of('occurrence[x]', 'supplier', '', 'type'),
  SupplyRequest: of('occurrence[x] authoredOn', 'requester', '', 'itemCodeableConcept'),
  Task: of('executionPeriod authoredOn', 'requester owner', 'encounter basedOn focus', 'code'),
  VisionPrescription: of('dateWritten created', 'prescriber', 'encounter', ''),
}
